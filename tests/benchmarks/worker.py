"""One contender of one workload: says when it is ready, then works whenever it is told to.

Run as a script, with the workload's and the contender's name, so that it can be run by another
environment's Python as well.
"""

from __future__ import annotations

import gc
import json
import sys
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np

workload, name = sys.argv[1:]
if name != "HIPS autograd":  # it shares our import name
    sys.path.insert(1, str(Path(__file__).parents[2]))
warnings.simplefilter("ignore")

from workloads import WORKLOADS  # noqa: E402  (the path is complete only now)

begin = perf_counter()
step = WORKLOADS[workload].contenders[name]()
setup = perf_counter() - begin
value, gradients = step()
flat = [np.ravel(np.asarray(g, float)) for g in gradients]
total = float(sum(np.abs(g).sum() for g in flat))
print(json.dumps({"setup": setup, "numbers": [float(np.asarray(value).sum()), total]}), flush=True)
gc.collect()

for line in sys.stdin:
    budget, calls, begin = float(line), 0, perf_counter()
    while calls == 0 or perf_counter() - begin < budget:
        step()
        calls += 1
    print(json.dumps((perf_counter() - begin) / calls), flush=True)
