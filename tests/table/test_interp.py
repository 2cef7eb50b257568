"""Lines between points: what NumPy gives, bit by bit."""

import numpy as np
import pytest

from autograd import interp


@pytest.mark.parametrize("seed", range(50))
def test_interp_is_numpys_where_sizes_differ_by_far(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 8)
    xp, fp = np.sort(rng.normal(size=n)), rng.normal(size=n) * 10.0 ** rng.integers(-8, 9, n)
    odd = [np.inf, -np.inf] + [np.nan] * bool(n > 1)  # of one point NumPy makes a number of NaN
    x = np.concatenate([rng.normal(size=5), xp, odd])
    np.testing.assert_array_equal(interp(x, xp, fp), np.interp(x, xp, fp))


@pytest.mark.parametrize("fp", [[1e20, 1.0, 2.0], [np.inf, 1.0, 2.0], [3.0, 1.0, np.nan]])
def test_far_pieces_are_nothing_to_a_point(fp):
    x = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, np.nan]
    with np.errstate(invalid="ignore"):
        found = interp(x, [0.0, 1.0, 2.0], fp)
    np.testing.assert_array_equal(found, np.interp(x, [0.0, 1.0, 2.0], fp))
