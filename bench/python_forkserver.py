"""Starts and joins one child of multiprocessing's forkserver for each line of standard input."""
import multiprocessing
import sys


def nothing():
    pass


if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    for _ in sys.stdin:
        process = context.Process(target=nothing)
        process.start()
        process.join()
        print("ok" if process.exitcode == 0 else "failed", flush=True)
