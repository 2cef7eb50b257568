"""`check_grads` on the comparison sets: right gradients pass, every planted error is reported.

At a part of the points, unless it is to be thorough (`tests/benchmarks/checkers.py` takes all).
"""

from __future__ import annotations

import importlib.util
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import Primitive, Tensor, Value
from autograd.testing import Verdict, examine

spec = importlib.util.spec_from_file_location(
    "comparison", Path(__file__).with_name("comparison.py")
)
comparison = importlib.util.module_from_spec(spec)
spec.loader.exec_module(comparison)


def identity(error):
    """x, with a gradient that is too large by the factor 1 + `error`."""
    return Primitive(
        "planted", "×", lambda x: x, lambda x: x, (lambda g, out, x: g * (1 + error),), "x."
    )


def verdicts(entry, error):
    planted = identity(error)

    def f(x):
        return entry.f(autograd, [planted(v) for v in x] if entry.values else planted(x))

    for x in islice(entry.points(), POINTS):
        yield x, examine(f, [Value(v) for v in x.tolist()] if entry.values else Tensor(x), order=1)


POINTS = 40 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 15
ENTRIES = comparison.SET + comparison.HELD_OUT
on_every_function = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def test_each_set_is_large_enough():
    assert min(len(comparison.SET), len(comparison.HELD_OUT)) >= 30
    assert all(len(set(map(bytes, entry.points()))) == 40 for entry in ENTRIES)


@on_every_function
def test_no_right_gradient_is_rejected(entry):
    for x, report in verdicts(entry, 0.0):
        assert report.ok, f"{x}: {report}"


@on_every_function
def test_an_error_of_a_thousandth_is_wrong_and_its_culprit_named(entry):
    for x, report in verdicts(entry, 1e-3):
        assert report.verdict is Verdict.WRONG, f"{x}: {report}"
        assert report.culprit.node.op.name == "planted", f"{x}: {report}"


@on_every_function
def test_an_error_of_a_hundred_thousandth_is_never_ok(entry):
    for x, report in verdicts(entry, 1e-5):
        assert report.verdict in (Verdict.WRONG, Verdict.INCONCLUSIVE), f"{x}: {report}"


def test_points_are_inside_the_box():
    for entry in ENTRIES:
        free = np.array(list(entry.points()))[:, len(entry.kinked) :]
        assert (free >= entry.low).all() and (free <= entry.high).all()
