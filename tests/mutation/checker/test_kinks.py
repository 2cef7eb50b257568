"""What two one-sided slopes, and the limits on both sides, say of a function."""

from __future__ import annotations

import math

import numpy as np

from autograd.testing.checker import probe
from autograd.testing.checker.numeric import Verdict
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_probe, a_slope

FUNCTIONS = functions_in(probe)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


NOISE = 0.125


def side(value, error, change=0.0, **more):
    return a_slope(value, error, change)._replace(**{"limit": 0.0, **more})


def test_two_one_sided_slopes():
    undefined, numeric = side(math.nan, math.inf, math.inf), a_slope(50.0, 2.0)
    nowhere, halfway = "the function is not finite here", "the function is not finite on one side"
    for analytic, left, right, expected in (
        (1.0, undefined, undefined, (EDGE, nowhere, numeric, ())),
        (1.0, side(1.0, 0.0), undefined, (EDGE, halfway, numeric, ())),
        (1.0, undefined, side(1.0, 0.0), (EDGE, halfway, numeric, ())),
        (5.0, side(0.0, 0.0), side(10.0, 0.0), (KINK, "", numeric, (0.0, 10.0))),
        (5.0, side(10.0, 0.0), side(0.0, 0.0), (KINK, "", numeric, (10.0, 0.0))),
        (11.0, side(0.0, 0.0), side(10.0, 0.0), (WRONG, "", numeric, (0.0, 10.0))),
        (11.0, side(11.0, 0.0), side(11.0, 0.0), (OK, "", side(11.0, 0.0), ())),
        (12.0, side(11.0, 0.0), side(11.0, 0.0), (WRONG, "", side(11.0, 0.0), ())),
        (10.0, side(9.0, 0.1), side(9.3, 0.05), (WRONG, "", side(9.15, 0.1), ())),
        (10.0, side(9.0, 0.05), side(9.5, 0.1), (WRONG, "", numeric, (9.0, 9.5))),
        (9.25, side(9.0, 0.05), side(9.5, 0.09), (KINK, "", numeric, (9.0, 9.5))),
        # too uncertain
        (300.0, side(250.0, 3.1), side(300.0, 0.0), (OK, "on one side", side(300.0, 0.0), ())),
        (300.0, side(300.0, 0.0), side(250.0, 3.1), (OK, "on one side", side(300.0, 0.0), ())),
        (300.0, side(250.0, 3.1), side(250.0, 3.1), (WRONG, "", numeric, ())),
        (50.0, side(60.0, 3.1), side(40.0, 3.1), (UNSURE, probe.TOO_NOISY, numeric, ())),
        (50.0, side(60.0, 0.55), side(60.0, 0.55), (WRONG, "", side(60.0, 0.55), ())),
        (50.0, side(60.0, 0.65), side(60.0, 0.65), (UNSURE, probe.TOO_NOISY, numeric, ())),
        (50.0, side(60.0, 0.65, 66.0), side(60.0, 0.65), (WRONG, "", side(60.0, 0.65), ())),
        (50.0, side(60.0, 0.65), side(60.0, 0.65, 66.0), (WRONG, "", None, ())),
        (-50.0, side(-60.0, 0.55), side(-60.0, 0.55), (WRONG, "", side(-60.0, 0.55), ())),
        (-70.0, side(-60.0, 0.65), side(-60.0, 0.0), (WRONG, "", side(-60.0, 0.65), ())),
        (70.0, side(60.0, 0.65), side(60.0, 0.0), (WRONG, "", side(60.0, 0.65), ())),
        (50.0, side(-60.0, 0.55), side(0.0, 0.55), (WRONG, "", numeric, (-60.0, 0.0))),
        (50.0, side(0.0, 0.55), side(-60.0, 0.55), (WRONG, "", numeric, (0.0, -60.0))),
        (51.0, side(51.0, 3.0, 400.0), side(51.0, 3.0), (UNSURE, "", numeric, ())),
    ):
        some = a_probe(rtol=0.01, order=1)
        found = some.one_sided(analytic, numeric, left, right, NOISE)
        assert found[0] is expected[0] and found[1] == expected[1], (analytic, left, right, found)
        assert expected[2] is None or np.allclose(found[2], expected[2], equal_nan=True), found
        assert found[3] == expected[3], found


def test_jumps():
    """More than 64 · NOISE = 8, and than a thousandth of how far φ moves."""
    numeric = a_slope(50.0, 2.0)
    for limits, change, radius, jumps in (
        ((0.0, 8.1), 0.0, 1.0, True),
        ((0.0, -8.1), 0.0, 1.0, True),
        ((-8.1, 0.0), 0.0, 1.0, True),
        ((8.1, 0.0), 0.0, 1.0, True),
        ((8.0, 0.0), 0.0, 1.0, False),
        ((0.0, 16.0), 4000.0, 4.0, False),
        ((0.0, 16.01), 4000.0, 4.0, True),
    ):
        for other in (0, 1):
            pair = [side(50.0, 0.0, limit=limit) for limit in limits]
            pair[other] = pair[other]._replace(change=change, radius=radius)
            for order, verdict in ((1, UNSURE), (2, KINK)):
                some = a_probe(rtol=0.01, order=order)
                found = some.one_sided(50.0, numeric, *pair, NOISE)
                if jumps:
                    size = max(map(abs, limits))
                    assert found[:2] == (verdict, f"the function jumps by {size:.3g}")
                    assert found[2] is numeric and found[3] == (50.0, 50.0)
                else:
                    assert found[:2] == (OK, "")
