"""Masks and branches: locally constant, so without a rule, and `where`, which chooses.

Rules record their masks as these primitives, and so stay right when a graph is replayed on other
numbers.
"""

import math

import numpy as np

from autograd.core.primitive import ANY, primitive
from autograd.table import kernels

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
                      "y, a derivative that was chosen where x is 0: there it has none of its own, and sends NaN.",
                      marks=True, domain=(ANY, (0.2, 5.0)))
stop_gradient = primitive("stop_gradient", "stop", lambda x: x, lambda x: x,
                      (None,), "x, taken as a constant: no gradient passes.", linear=True, view=True,
                          says="Nothing passes: the result counts as a constant.")
