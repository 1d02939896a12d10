"""The question this library came from: a parent with a big table, and children that only read it. Do they copy it?

    fork_readers.py <MiB> <children> [anything: only there to be shown]
"""

import multiprocessing
import sys

PAGE = 4096


def read_all(table, ready, go_on):
    total = sum(table[i] for i in range(0, len(table), PAGE))
    ready.release()
    go_on.wait()
    sys.exit(0 if total == len(table) // PAGE else 1)


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    table = bytearray(b"\1") * (int(sys.argv[1]) << 20)
    ready, go_on = multiprocessing.Semaphore(0), multiprocessing.Event()
    children = [multiprocessing.Process(target=read_all, args=(table, ready, go_on)) for _ in range(int(sys.argv[2]))]
    for child in children:
        child.start()
    for _ in children:
        ready.acquire()
    go_on.wait(1.5)   # they stand side by side for long enough to be read
    go_on.set()
    for child in children:
        child.join()
    sys.exit(max(child.exitcode for child in children))
