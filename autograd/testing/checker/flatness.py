"""A function that does not move near the point, or jumps there.

Has the one that does not move a derivative of 0, or does rounding hide it?

What rounds its result to a few digits is a stair, flat between its steps; and where a function is
1e16 + x, there is nothing to see of x. A slope found further away tells them from what is constant
here (a relu of a negative number).
"""

import numpy as np
from numpy.polynomial.chebyshev import chebpts1

from autograd.testing.checker.numeric import JUMP, TRIALS, Curve, Slope

NEAR = 1e-5 * np.array([-1.0, -0.5, 0.5, 1.0])
FINE = (1.0, 1e-2, 1e-4)
FAR = np.array([-600.0, -50.0, -5.0, -0.7, -0.1, 0.1, 0.7, 5.0, 50.0, 600.0])
BESIDE = 1e-4 * np.array([0.4, 0.6, 0.8, 1.0])
A_STAIR = "the function is flat at the point, and moves in many steps further away"
TURNS = "the function turns more often than can be sampled"
TOO_NOISY = "rounding inside the function hides its derivative; a point of other size may show it"


def stair(phi: Curve, noise: float, scales: tuple[float, ...] = (1.0,)) -> str:
    """What there is to doubt where φ stands still on both sides, and moves all the way further out.

    (Unless rounding, of about `noise`, is why it stands still.) `scales`: how near to look.
    """
    radius, points = TRIALS[0]
    for near in np.multiply.outer(scales, NEAR):
        beside = phi(near)
        if beside[0] == beside[1] and beside[2] == beside[3]:
            around = phi(radius * chebpts1(points))
            expected = np.ptp(around) * np.ptp(near) / (2 * radius)
            moves = len(np.unique(around)) == points and expected > JUMP * noise
            return A_STAIR if moves else ""
    return ""


def hidden(phi: Curve, noise: float, radius: float) -> str:
    """What there is to doubt where φ is flat within `radius`.

    That it has a slope further away, clearly, which `noise` would hide there.
    """
    moved, far = np.abs(phi(FAR)), np.abs(FAR)
    clear = moved > JUMP * noise * np.maximum(1.0, far)  # far away rounding is larger, too
    return TOO_NOISY if np.any(clear & (moved / far * radius <= JUMP * noise)) else ""


def continuous(phi: Curve, found: Slope, noise: float) -> bool:
    """Whether φ tends to φ(0) = 0 from both sides, which a slope between them does not show.

    Where it jumps it is at one height beside, while what rounds is at many.
    """
    radius = min(found.radius, 1.0)
    allowed = max(1e-3 * found.change * radius, JUMP * noise)
    sides = np.split(phi(radius * np.concatenate([-BESIDE, BESIDE])), 2)
    return all(abs(side.mean()) <= max(allowed, 4 * np.ptp(side)) for side in sides)
