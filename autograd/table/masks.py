"""Masks and branches: locally constant, so without a rule, and `where`, which chooses.

Rules record their masks as these primitives, and so stay right when a graph is replayed on other
numbers.
"""

import math
from typing import Any

import numpy as np

from autograd.core.node import Node, current_mode
from autograd.core.primitive import ANY, primitive
from autograd.table import kernels


def chosen(g: Any, s: Any, x: Any, y: Any) -> Any:
    """g × s, where s is a subgradient, chosen wherever x = y.

    So differentiated again, it says NaN there, if anything depends on the choice, instead of a
    number that another choice would change. `y` may be a function, called only where it is needed.
    """
    if not isinstance(x, Node) or current_mode().once:
        return g * s
    return subgradient(g, s, x, y() if callable(y) else y)


def times(g: Any, s: Any, x: Any, y: Any) -> Any:
    """g × s, of the shape to which all four broadcast."""
    out = np.multiply(g, s)
    shape = np.broadcast(out, x, y).shape
    return out if out.shape == shape else np.broadcast_to(out, shape).copy()


def sent_to_gradient(u: Any, out: Any, g: Any, s: Any, x: Any, y: Any) -> Any:
    return u * where(equal(x, y), math.nan, s)


def sent_to_slope(u: Any, out: Any, g: Any, s: Any, x: Any, y: Any) -> Any:
    return where(equal(x, y), 0.0, u * g)


def sent_to_kink(u: Any, out: Any, g: Any, s: Any, x: Any, y: Any) -> Any:
    return where(equal(x, y) * (1.0 - equal(g, 0.0)), math.nan, 0.0)


# fmt: off
# name, symbol, forward on floats, forward on arrays, one rule per operand, meaning and shapes

sign      = primitive("sign",      "sign",     lambda x: x if x == 0 or x != x else math.copysign(1.0, x), np.sign,
                      (None,), "−1, 0 or 1, elementwise; locally constant.")
heaviside = primitive("heaviside", "step",     lambda x: 1.0 if x > 0 else 0.0, lambda x: kernels.mask(x > 0, x),
                      (None,), "1 where x > 0, else 0, elementwise; locally constant.")
floor     = primitive("floor",     "floor",    lambda x: float(math.floor(x)) if math.isfinite(x) else x, np.floor,
                      (None,), "The largest whole number up to x, elementwise; locally constant.")
isfinite  = primitive("isfinite",  "isfinite", lambda x: 1.0 if math.isfinite(x) else 0.0,
                      lambda x: kernels.mask(np.isfinite(x), x),
                      (None,), "1 where x is neither infinite nor NaN, else 0, elementwise; locally constant.")
equal     = primitive("equal",     "=",        lambda x, y: 1.0 if x == y else 0.0,
                      lambda x, y: kernels.mask(np.equal(x, y), x, y),
                      (None, None), "1 where x = y, else 0, elementwise; shapes broadcast; locally constant.",
                      symmetric=True)
where     = primitive("where",     "where",    lambda c, x, y: x if c else y, lambda c, x, y: np.where(c, x, y),
                      (None, lambda g, out, c, x, y: where(c, g, 0.0), lambda g, out, c, x, y: where(c, 0.0, g)),
                      "x where c is not 0, else y, elementwise; shapes broadcast.", kinks="jumps where c becomes 0",
                      says="where routes: what was chosen receives everything.")
marked    = primitive("marked",    "marked",   lambda y, x: y, lambda y, x: np.where(True, y, x),
                      (lambda g, out, y, x: g, lambda g, out, y, x: where(equal(x, 0.0), math.nan, 0.0)),
                      "y, a finite number in place of an infinite slope where x is 0: there it sends NaN.",
                      marks=True, domain=(ANY, (0.2, 5.0)))
subgradient = primitive("subgradient", "×", lambda g, s, x, y: g * s, times,
                        (sent_to_gradient, sent_to_slope, sent_to_kink, sent_to_kink),
                        "g × s, where the slope s was chosen wherever x = y, and has no derivative there.",
                        kinks="where x = y",
                        remedy="a slope was chosen at a kink, which has no second derivative; "
                               "differentiate twice only away from it",
                        domain=(ANY, ANY, (0.2, 5.0), (-5.0, -0.2)))
stop_gradient = primitive("stop_gradient", "stop", lambda x: x, lambda x: x,
                      (None,), "x, taken as a constant: no gradient passes.", linear=True, view=True,
                          says="Nothing passes: the result counts as a constant.")
