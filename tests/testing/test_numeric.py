"""Numeric derivatives of functions whose derivative is known, with the error they own up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.testing.checker.numeric import TRUST, Slope, repeated, sides, slope, surest_slope

# name: φ as a function of x + t, its derivative, and the points x of its domain
SMOOTH = {
    "sin": (np.sin, np.cos, (-3, 3)),
    "exp": (np.exp, np.exp, (-3, 3)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, (-2, 2)),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2, (0.5, 3)),
    "log": (np.log, lambda x: 1 / x, (0.5, 3)),
    "x³": (lambda x: x**3, lambda x: 3 * x**2, (-3, 3)),
    "bell": (lambda x: np.exp(-4 * x * x), lambda x: -8 * x * np.exp(-4 * x * x), (-1, 1)),
}
smooth = pytest.mark.parametrize("case", SMOOTH.values(), ids=SMOOTH.keys())
slopes = st.integers(-5000, 5000).map(lambda k: k / 1000)
fractions, scales = st.floats(0, 1), st.floats(-6, 6).map(lambda k: 10**k)


@pytest.fixture(autouse=True, scope="module")
def _in_silence():
    """Large radii leave domains and overflow, as they do in `examine`."""
    with np.errstate(all="ignore"):
        yield


def precise(found: Slope) -> bool:
    return found.error <= 1e-9 * found.change < np.inf


def never(found: Slope) -> bool:
    return False


def right(found: Slope, exact: float) -> bool:
    return abs(found.value - exact) <= TRUST * found.error


def line(case, fraction):
    """φ(t) = f(x + t) and φ′(0) at a point of the domain."""
    f, derived, (low, high) = case
    x = low + fraction * (high - low)
    return lambda t: f(x + t), derived(x)


@smooth
@given(fractions, scales)
def test_smooth_functions_to_nine_digits(case, fraction, scale):
    phi, exact = line(case, fraction)
    found = surest_slope(lambda t: scale * phi(t), 0.0, precise)
    assert precise(found) and right(found, scale * exact), found
    for one in sides(lambda t: scale * phi(t), 0.0):
        assert one.error <= 1e-8 * scale and right(one, scale * exact), one
        assert one.limit == pytest.approx(scale * float(phi(0.0)), abs=1e-9 * scale)


@smooth
@given(fractions, st.floats(-16, -6).map(lambda k: 10**k))
def test_noise_widens_the_error_and_is_within_it(case, fraction, noise):
    phi, exact = line(case, fraction)

    def rough(t):
        return phi(t) + noise * np.sin(1e13 * t)

    found = surest_slope(rough, 0.0, precise)
    assert right(found, exact) and found.error < 1e5 * noise + 1e-9 * found.change, found
    told = slope(phi, 0.1, noise=noise)
    assert right(told, exact) and told.error >= noise


@smooth
@given(fractions)
def test_an_offset_hides_digits_and_the_error_says_so(case, fraction):
    phi, exact = line(case, fraction)
    found = surest_slope(lambda t: 1e8 + phi(t), 0.0, precise)
    assert right(found, exact) and found.error < 1e-4, found


@given(slopes, slopes, scales)
def test_the_two_slopes_of_a_kink(left, right_, scale):
    def phi(t):
        return scale * np.sin(np.where(t < 0, left * t, right_ * t))

    for found, exact in zip(sides(phi, 0.0), (scale * left, scale * right_), strict=True):
        assert precise(found) and right(found, exact)
    whole = slope(phi, 0.1)
    middle = (left + right_) / 2 * scale
    assert abs(whole.value - middle) <= TRUST * whole.error


@given(st.floats(1e-4, 1e-2), slopes)
def test_a_kink_near_by_is_stepped_inside(place, slope_beyond):
    found = surest_slope(
        lambda t: np.sin(t) + slope_beyond * np.maximum(t - place, 0.0), 0.0, precise
    )
    assert right(found, 1.0), found
    assert found.error < 1e-7


@given(st.floats(-1e6, 1e6, allow_subnormal=False))
def test_a_constant_has_slope_0_exactly_and_at_once(number):
    asked = []

    def phi(t):
        asked.append(t)
        return number + 0.0 * t

    found = surest_slope(phi, 0.0, lambda one: one.error <= 1e-12 * abs(number))
    assert (abs(found.value), found.change) == (0.0, 0.0) or found.error > 0
    assert right(found, 0.0) and len(asked) == 1


def test_at_the_edge_of_a_domain_one_side_is_left():
    left, right_ = sides(lambda t: np.sqrt(t) ** 3 + t, 0.0)
    whole = surest_slope(np.sqrt, 0.0, precise)
    assert left.error == whole.error == np.inf and np.isnan([left.value, whole.value]).all()
    assert right_.value == pytest.approx(1.0, rel=0.01)


def test_a_jump_shows_in_what_the_sides_tend_to():
    left, right_ = sides(lambda t: np.where(t < 0, 2.0, 3.0) + t, 0.0)
    assert (left.limit, right_.limit) == pytest.approx((2.0, 3.0), rel=1e-12)
    assert (left.value, right_.value) == pytest.approx((1.0, 1.0), rel=1e-6)


def test_a_function_that_turns_too_often_to_be_resolved_is_not_trusted():
    assert slope(lambda t: np.sin(1000 * t), 50.0, 64).error == np.inf
    assert slope(lambda t: np.sin(1000 * t), 0.8, 12).error > 1.0


def test_another_opinion_adds_its_distance_to_the_error():
    first = slope(np.sin, 0.1)
    agreed = repeated(np.sin, first, 0.0)
    assert right(agreed, 1.0) and agreed.error < 1e-12
    lucky = first._replace(value=1.5)
    assert repeated(np.sin, lucky, 0.0).error == pytest.approx(0.5)
    assert repeated(np.sin, lucky, 0.0).value == pytest.approx(1.0)


def test_the_most_certain_radius_wins_where_none_is_settled():
    found = surest_slope(np.sin, 0.0, never)
    assert right(found, 1.0) and found.error < 1e-13
