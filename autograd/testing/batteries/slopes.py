"""Batteries for the numeric derivative and the verdict on an analytic one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.testing import verdict
from autograd.testing.mutants import functions_in
from autograd.testing.numeric import Slope
from autograd.testing.verdict import Verdict, judge, judge_kink


def verdicts() -> None:
    """The judge, on numbers for which every bound is decided on both of its sides."""

    def slope(value: float, error: float, change: float = 0.0) -> Slope:
        return Slope(value, error, change, 1.0, 5, 0.0)

    ok, wrong, unsure = Verdict.OK, Verdict.WRONG, Verdict.INCONCLUSIVE
    for analytic, numeric, expected in (
        (100.0, slope(100.0, 0.0), ok),
        (-100.0, slope(-100.0, 0.9), ok),  # an error below rtol · |value|
        (-100.0, slope(-100.0, 1.1), unsure),
        (100.9, slope(100.0, 0.0), ok),
        (-101.9, slope(-100.0, 0.0), wrong),
        (98.0, slope(100.0, 0.0), wrong),
        (104.9, slope(100.0, 0.99), ok),  # TRUST errors more are allowed
        (105.2, slope(100.0, 0.99), wrong),
        (100.0, slope(-100.0, 0.0), wrong),
        (0.0, slope(0.0, 0.0), ok),
        (0.0, slope(0.001, 0.001, 0.0), unsure),
        (0.0, slope(0.001, 0.001, 1.0), ok),  # nothing, measured by what the function moves
        (0.0, slope(0.001, 0.02, 1.0), unsure),
        (0.05, slope(0.05, 0.009, 1.0), unsure),
        (0.001, slope(0.0, 0.009, 1.0), ok),
        (-100.9, slope(-99.9, 0.0), ok),
        (-99.9, slope(-100.9, 0.0), ok),
        (100.0, slope(100.0, 1.0), ok),
        (0.5, slope(0.5, 1.0, 100.0), ok),
        (0.0, slope(0.0, 0.5), ok),
        (math.inf, slope(0.0, 0.0), wrong),
        (math.nan, slope(0.0, 0.0), wrong),
    ):
        assert judge(analytic, numeric, 0.01) == expected, (analytic, numeric)
    kink = Verdict.KINK
    for analytic, left, right, expected in (
        (0.0, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (100.9, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (101.1, slope(0.0, 0.0), slope(100.0, 0.0), wrong),
        (-0.9, slope(100.0, 0.0), slope(0.0, 0.0), kink),
        (-1.1, slope(100.0, 0.0), slope(0.0, 0.0), wrong),
        (-100.9, slope(0.0, 0.0), slope(-100.0, 0.0), kink),
        (-101.1, slope(0.0, 0.0), slope(-100.0, 0.0), wrong),
        (104.9, slope(0.0, 0.1), slope(100.0, 1.0), kink),  # TRUST of the larger error
        (105.1, slope(0.0, 1.0), slope(100.0, 0.1), wrong),
        (0.0, slope(0.0, 0.0), slope(0.0, 0.0), kink),
    ):
        assert judge_kink(analytic, left, right, 0.01) == expected, (analytic, left, right)
    assert [one for one in Verdict if one.passes] == [ok, kink]


FUNCTIONS = functions_in(verdict)
BATTERIES: dict[str, Callable[[], Any]] = {"verdicts": verdicts}
