"""Elementwise rows: circular and hyperbolic functions, their inverses, and other logarithms.

Derivatives are written so that they neither overflow nor cancel where the function itself is fine.
"""

import math
from typing import Any

import numpy as np

from autograd.core.primitive import ANY, primitive
from autograd.table.elementwise import POSITIVE, sqrt
from autograd.table.masks import chosen, equal

UNIT, ABOVE_ONE, SOME = (-0.9, 0.9), (1.2, 5.0), (-1.2, 1.2)
LN2, LN10 = math.log(2), math.log(10)


def distance(x: Any, y: Any) -> Any:
    """From the origin; 1 there, so that it can be divided by."""
    r = hypot(x, y)
    return r + equal(r, 0.0)


def scalar_direction(x: float, y: float) -> float:
    if math.isinf(x):
        x, y = math.copysign(1.0, x), float(math.isinf(y))
    return x / (math.hypot(x, y) or 1.0)


def array_direction(x: Any, y: Any) -> Any:
    infinite = np.isinf(x)
    near, far = np.where(infinite, np.sign(x), x), np.where(infinite, np.isinf(y), y)
    r = np.hypot(near, far)
    return (near / (r + (r == 0))).astype(np.result_type(x, y))


# fmt: off
# name, symbol, forward on floats, forward on arrays, one rule per operand, meaning and shapes

tan     = primitive("tan",     "tan",  math.tan,   np.tan,     (lambda g, out, x: g * (1 + out * out),),
                    "tan x, elementwise, x in radians.", domain=(SOME,))
arcsin  = primitive("arcsin",  "asin", math.asin,  np.arcsin,  (lambda g, out, x: g / sqrt((1 - x) * (1 + x)),),
                    "The angle between −π/2 and π/2 whose sine is x, elementwise.", domain=(UNIT,),
                    remedy="keep the operand between -1 and 1")
arccos  = primitive("arccos",  "acos", math.acos,  np.arccos,  (lambda g, out, x: -g / sqrt((1 - x) * (1 + x)),),
                    "The angle between 0 and π whose cosine is x, elementwise.", domain=(UNIT,),
                    remedy="keep the operand between -1 and 1")
arctan  = primitive("arctan",  "atan", math.atan,  np.arctan,  (lambda g, out, x: g / (1 + x * x),),
                    "The angle between −π/2 and π/2 whose tangent is x, elementwise.")
sinh    = primitive("sinh",    "sinh", math.sinh,  np.sinh,    (lambda g, out, x: g * cosh(x),),
                    "(eˣ − e⁻ˣ) / 2, elementwise.", remedy="bound the operand: eˣ is infinite from x = 710 on")
cosh    = primitive("cosh",    "cosh", math.cosh,  np.cosh,    (lambda g, out, x: g * sinh(x),),
                    "(eˣ + e⁻ˣ) / 2, elementwise.", remedy="bound the operand: eˣ is infinite from x = 710 on")
arcsinh = primitive("arcsinh", "asinh", math.asinh, np.arcsinh, (lambda g, out, x: g / hypot(x, 1.0),),
                    "The inverse of sinh, elementwise.")
arccosh = primitive("arccosh", "acosh", math.acosh, np.arccosh, (lambda g, out, x: g / (sqrt(x - 1) * sqrt(x + 1)),),
                    "The inverse of cosh, not negative, elementwise.", domain=(ABOVE_ONE,),
                    remedy="keep the operand above 1")
arctanh = primitive("arctanh", "atanh", math.atanh, np.arctanh, (lambda g, out, x: g / ((1 - x) * (1 + x)),),
                    "The inverse of tanh, elementwise.", domain=(UNIT,), remedy="keep the operand between -1 and 1")
log2    = primitive("log2",    "log₂", math.log2,  np.log2,    (lambda g, out, x: g / LN2 / x,),
                    "The logarithm to base 2, elementwise.", domain=(POSITIVE,), remedy="keep the operand above 0")
log10   = primitive("log10",   "log₁₀", math.log10, np.log10,  (lambda g, out, x: g / LN10 / x,),
                    "The logarithm to base 10, elementwise.", domain=(POSITIVE,), remedy="keep the operand above 0")
exp2    = primitive("exp2",    "exp2", math.exp2,  np.exp2,    (lambda g, out, x: g * out * LN2,),
                    "2ˣ, elementwise.", remedy="bound the operand: 2ˣ is infinite from x = 1024 on")
cbrt    = primitive("cbrt",    "∛",    lambda x: float(np.cbrt(x)), np.cbrt,
                    (lambda g, out, x: g / (3 * out * out),),
                    "The real cube root, elementwise.", domain=(POSITIVE,),
                    remedy="keep the operand away from 0, where the slope is infinite")
hypot   = primitive("hypot",   "hypot", math.hypot, np.hypot,
                    (lambda g, out, x, y: chosen(g, direction(x, y), out, 0.0),
                     lambda g, out, x, y: chosen(g, direction(y, x), out, 0.0)),
                    "√(x² + y²), elementwise, without overflow; shapes broadcast; its gradient at (0, 0) is 0.",
                    domain=(POSITIVE, ANY), symmetric=True, kinks="0 at (0, 0)")
arctan2 = primitive("arctan2", "atan2", math.atan2, np.arctan2,
                    (lambda g, out, y, x: chosen(g, direction(x, y) / distance(x, y), hypot(x, y), 0.0),
                     lambda g, out, y, x: chosen(-g, direction(y, x) / distance(x, y), hypot(x, y), 0.0)),
                    "The angle of the point (x, y), of which y comes first, elementwise; its gradient at (0, 0) is 0.",
                    domain=(ANY, POSITIVE), kinks="0 at (0, 0)")
direction = primitive("direction", "direction", scalar_direction, array_direction,
                      (lambda g, out, x, y: g * direction(y, x) * direction(y, x) / distance(x, y),
                       lambda g, out, x, y: -g * out * direction(y, x) / distance(x, y)),
                      "x / √(x² + y²), elementwise; 0 at (0, 0), and ±1 where x alone is infinite.",
                      domain=(ANY, POSITIVE), kinks="0 at (0, 0)")
