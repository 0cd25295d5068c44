#!/usr/bin/python3
"""The model variant written with numpy, as a Python user would: a peer to time against.

Prints one JSON line a measurement (best of 5).
Debian: apt-get install python3-numpy.   Run: OMP_NUM_THREADS=1 ./numpy_peer.py [FILTER]
"""
import json
import sys
import time

import numpy as np

LO, HI = -0.095, 0.040


def laplacian(u):
    return np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1) - 4.0 * u


def model(seed, n, steps, alpha=0.18, p=0.25, turing=True, threshold=0.75, jitter=False, jitter_var=0.0005):
    """Returns the field in volts and the number of growth events."""
    rng = np.random.default_rng(seed)
    v = rng.normal(-0.07, 0.005, (n, n))
    if turing:
        a, h = rng.uniform(0, 0.1, (n, n)), rng.uniform(0, 0.1, (n, n))
    events = 0
    for _ in range(steps):
        if rng.random() < p:
            i, j = rng.integers(0, n), rng.integers(0, n)
            v[i, j] += rng.normal(0.02, 0.005)
            events += 1
        v = v + alpha * laplacian(v)
        if turing:
            la, lh = laplacian(a), laplacian(h)
            a = a + (0.1 * la + 0.01 * (a * (1 - a) - h))
            h = h + (0.05 * lh + 0.02 * (a - h))
            v[a > threshold] += 0.005
            a, h = np.clip(a, 0, 1), np.clip(h, 0, 1)
        if jitter:
            v = v + rng.normal(0, np.sqrt(jitter_var), v.shape)
        v = np.clip(v, LO, HI)
    return v, events


def best(f, n=5):
    f()
    t = []
    for _ in range(n):
        s = time.perf_counter()
        f()
        t.append(time.perf_counter() - s)
    return min(t)


def main():
    want = sys.argv[1] if len(sys.argv) > 1 else ""
    for n, steps in ((64, 100), (256, 100), (1024, 20)):
        for jitter in (False, True):
            name = "simulate"
            if want in name:
                s = best(lambda: model(42, n, steps, jitter=jitter), 5 if n < 1024 else 3)
                print(json.dumps({"peer": "numpy", "kernel": name, "grid": n, "steps": steps, "jitter": jitter, "threads": 1, "seconds": s}), flush=True)
    if want in "normals":
        rng = np.random.default_rng(1)
        s = best(lambda: rng.standard_normal(1_000_000))
        print(json.dumps({"peer": "numpy", "kernel": "normals", "n": 1000000, "threads": 1, "seconds": s, "per_second": 1e6 / s}))


if __name__ == "__main__":
    main()
