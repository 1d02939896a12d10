"""CPython's Pool and ProcessPoolExecutor, asked by lines "case kind workers count"; answers are seconds per count."""
import concurrent.futures
import itertools
import multiprocessing
import sys
import time


def square(x):
    return x * x


def spin(microseconds):
    end = time.perf_counter() + microseconds * 1e-6
    while time.perf_counter() < end:
        pass


def step(number, y):
    return number, y * (number % 97)


def zeros(size):
    return bytes(size)


POOLS = {}


def make(kind, workers, method="fork"):
    context = multiprocessing.get_context(method)
    if kind == "pool":
        return context.Pool(workers)
    return concurrent.futures.ProcessPoolExecutor(workers, mp_context=context)


def warm(kind, workers):
    if (kind, workers) not in POOLS:
        POOLS[kind, workers] = make(kind, workers)
    return POOLS[kind, workers]


def end(kind, pool):
    if kind == "pool":
        pool.close()
        pool.join()
    else:
        pool.shutdown()


def call(kind, pool, function, argument):
    return pool.apply(function, (argument,)) if kind == "pool" else pool.submit(function, argument).result()


def starmap(kind, pool, count, workers):
    arguments = zip(range(count), itertools.repeat(0.5))
    if kind == "pool":
        pool.starmap(step, arguments, chunksize=count // workers)
    else:
        list(pool.map(step, range(count), itertools.repeat(0.5), chunksize=count // workers))


def squares(kind, workers, count):
    pool = warm(kind, workers)
    if kind == "pool":
        pool.map(square, range(count), chunksize=1)
    else:
        list(pool.map(square, range(count), chunksize=1))


def reply(kind, workers, count):
    pool = warm(kind, workers)
    for number in range(count):
        call(kind, pool, square, number)


def spins(kind, workers, count):
    pool = warm(kind, workers)
    if kind == "pool":
        pool.map(spin, itertools.repeat(10, count))
    else:
        list(pool.map(spin, itertools.repeat(10, count)))


def starmap_warm(kind, workers, count):
    starmap(kind, warm(kind, workers), count, workers)


def starmap_cold(kind, workers, count):
    pool = make(kind, workers)
    starmap(kind, pool, count, workers)
    end(kind, pool)


def create(method):
    def run(kind, workers, count):
        for _ in range(count):
            pool = make(kind, workers, method)
            call(kind, pool, square, 7)
            end(kind, pool)
    return run


def argument(size):
    data = bytes(size)

    def run(kind, workers, count):
        for _ in range(count):
            call(kind, warm(kind, workers), len, data)
    return run


def result(size):
    def run(kind, workers, count):
        for _ in range(count):
            call(kind, warm(kind, workers), zeros, size)
    return run


CASES = {"squares": squares, "reply": reply, "spins": spins, "starmap_warm": starmap_warm, "starmap_cold": starmap_cold,
         **{f"create_{method}": create(method) for method in ("fork", "spawn", "forkserver")},
         "argument_1": argument(1 << 20), "argument_64": argument(64 << 20), "result_1": result(1 << 20)}

if __name__ == "__main__":
    for line in sys.stdin:
        case, kind, workers, count = line.split()
        begin = time.perf_counter()
        CASES[case](kind, int(workers), int(count))
        print((time.perf_counter() - begin) / int(count), flush=True)
    for (kind, _), pool in POOLS.items():
        end(kind, pool)
