"""Stand-ins that are or know no more than a test tells them."""

from __future__ import annotations

import numpy as np

from autograd import Primitive
from autograd.testing.checker.numeric import Slope
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.report import Finding


def row(rule, forward=lambda x: x * x, name="row", **more):
    """A primitive with the rule, or the rules, given."""
    rules = rule if isinstance(rule, tuple) else (rule,)
    return Primitive(name, name, forward, forward, rules, "x².", **more)


def a_probe(**attributes):
    """A probe that knows no more than these."""
    made = object.__new__(Probe)
    vars(made).update(attributes)
    return made


def a_slope(value, error, change=1.0, radius=1.0):
    return Slope(value, error, change, radius, 12, 0.0)


def a_finding(verdict, numeric=0.0, error=0.0, **more):
    given = {"analytic": 0.0, "tolerance": 0.0, **more}
    return Finding(1, "x", None, None, numeric=numeric, error=error, verdict=verdict, **given)


def same(some, others):
    return np.shape(some) == np.shape(others) and np.array_equal(some, others, equal_nan=True)
