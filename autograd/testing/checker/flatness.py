"""A function that does not move near the point: has it a derivative of 0, or does rounding hide it?

What rounds its result to a few digits is a stair, flat between its steps; and where a function is
1e16 + x, there is nothing to see of x. A slope found further away tells them from what is constant
here (a relu of a negative number).
"""

import numpy as np
from numpy.polynomial.chebyshev import chebpts1

from autograd.testing.checker.numeric import JUMP, TRIALS, Curve

NEAR = 1e-5 * np.array([-1.0, -0.5, 0.5, 1.0])
FAR = np.array([-600.0, -50.0, -5.0, -0.7, -0.1, 0.1, 0.7, 5.0, 50.0, 600.0])
A_STAIR = "the function is flat at the point, and moves in many steps further away"
TOO_NOISY = "rounding inside the function hides its derivative; a point of other size may show it"


def stair(phi: Curve, noise: float) -> str:
    """What there is to doubt where φ stands still near by, and moves between all points around it.

    (Unless rounding, of about `noise`, is why it stands still.)
    """
    if np.any(phi(NEAR) != 0):
        return ""
    radius, points = TRIALS[0]
    around = phi(radius * chebpts1(points))
    expected = np.ptp(around) * np.ptp(NEAR) / (2 * radius)
    return A_STAIR if len(np.unique(around)) == points and expected > JUMP * noise else ""


def hidden(phi: Curve, noise: float, radius: float) -> str:
    """What there is to doubt where φ is flat within `radius`.

    That it has a slope further away, clearly, which `noise` would hide there.
    """
    moved, far = np.abs(phi(FAR)), np.abs(FAR)
    clear = moved > JUMP * noise * np.maximum(1.0, far)  # far away rounding is larger, too
    return TOO_NOISY if np.any(clear & (moved / far * radius <= JUMP * noise)) else ""
