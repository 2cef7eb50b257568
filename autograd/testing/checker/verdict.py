"""The verdict on an analytic derivative, given a numeric one and its error."""

from __future__ import annotations

import math
from enum import StrEnum

from autograd.testing.checker.numeric import Slope

TRUST = 4.0  # how many of its own error estimates a numeric derivative may be off


class Verdict(StrEnum):
    """What a comparison says; `passes` where the gradient need not be blamed."""

    OK = "ok"
    KINK = "kink"
    INCONCLUSIVE = "inconclusive"
    EDGE = "edge of the domain"
    WRONG = "wrong"

    @property
    def passes(self) -> bool:
        return self in (Verdict.OK, Verdict.KINK)


def judge(analytic: float, numeric: Slope, rtol: float) -> Verdict:
    """Ok needs agreement and a numeric derivative that is as certain as `rtol` asks for.

    So an analytic derivative that is off by 10 rtol is never ok: it is wrong, or inconclusive.
    """
    size = max(abs(analytic), abs(numeric.value))
    apart = abs(analytic - numeric.value)
    if not apart <= rtol * size + TRUST * numeric.error or math.isinf(size):
        return Verdict.WRONG
    stationary = max(size, numeric.error) <= rtol * numeric.change
    if numeric.error <= rtol * size or stationary or size == 0:
        return Verdict.OK
    return Verdict.INCONCLUSIVE


def judge_kink(analytic: float, left: Slope, right: Slope, rtol: float) -> Verdict:
    """At a kink every slope between the left and the right one is a generalized derivative.

    (F. H. Clarke, "Optimization and Nonsmooth Analysis", 1983.)
    """
    lo, hi = sorted((left.value, right.value))
    slack = rtol * max(abs(lo), abs(hi)) + TRUST * max(left.error, right.error)
    return Verdict.KINK if lo - slack <= analytic <= hi + slack else Verdict.WRONG
