"""Elementwise rows: arithmetic, and the functions of one number."""

import builtins
import math
import operator
from functools import reduce
from typing import Any

import numpy as np

from autograd.core.primitive import ANY, primitive
from autograd.table import checks, kernels
from autograd.table.masks import chosen, equal, floor, heaviside, marked, sign, where

BELOW_ONE, POSITIVE = (-0.9, 2.0), (0.2, 5.0)


def extreme_back(i: int, g: Any, out: Any, *xs: Any) -> Any:
    """Ties share the gradient equally."""
    ties = [equal(x, out) for x in xs]
    share = ties[i] / reduce(operator.add, ties)
    if len(set(map(id, xs))) == 1:  # the extreme of one node is that node: nothing is chosen
        return g * share
    return shared(g, share, xs[i], out)


def shared(g: Any, share: Any, x: Any, out: Any) -> Any:
    """g × the share of x in the extreme `out`, which was chosen where x is one of several."""
    return chosen(g, share, x, lambda: where(equal(share, 1.0), math.nan, out))


def lowered(x: Any, y: Any) -> Any:
    """x ** (y − 1), as which 0 ** −1 counts as 1 where it is multiplied by y = 0."""
    if type(y) is float and y != 0:
        return pow(x, y - 1)
    both = equal(x, 0.0) * equal(y, 0.0)
    return marked(pow(where(both, 1.0, x), y - 1), abs(x) + abs(y))


# fmt: off
# name, symbol, forward on floats, forward on arrays, one rule per operand, meaning and shapes

neg = primitive("neg", "−", operator.neg, np.negative, (lambda g, out, x: -g,), "−x, elementwise.", linear=True,
                says="− turns the sign.")
add = primitive("add", "+", operator.add, np.add, (lambda g, out, x, y: g, lambda g, out, x, y: g),
                "x + y, elementwise; shapes broadcast.", linear=True, symmetric=True,
                remedy="bound what is added",
                says="+ copies: each summand receives the upstream gradient.")
sub = primitive("sub", "−", operator.sub, np.subtract, (lambda g, out, x, y: g, lambda g, out, x, y: -g),
                "x − y, elementwise; shapes broadcast.", linear=True,
                remedy="don't subtract infinities from each other",
                says="− copies, with the sign turned for what is subtracted.")
mul = primitive("mul", "×", operator.mul, np.multiply, (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x),
                "x × y, elementwise; shapes broadcast.", symmetric=True,
                remedy="choose with where instead of multiplying by a mask",
                says="× swaps: each factor receives the other, times the upstream gradient.")
div = primitive("div", "÷", operator.truediv, np.true_divide,
                (lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y),
                "x / y, elementwise; shapes broadcast.", domain=(ANY, POSITIVE),
                remedy="keep the divisor away from 0 (a variance with ddof=1 needs two samples)",
                says="÷ scales by one over the divisor, which itself receives with the sign turned.")
pow = primitive("pow", "^", math.pow, operator.pow,
                (lambda g, out, x, y: g * y * lowered(x, y),
                 lambda g, out, x, y: g * out * marked(log(x + equal(out, 0.0)), x + heaviside(y - 1))),
                "x ** y, elementwise; shapes broadcast. The derivative of x**0 is 0, that of 0**y in y too (y > 0).",
                domain=(POSITIVE, ANY), remedy="raise only positive numbers to fractional or negative powers",
                says="A power brings the exponent down as a factor, and lowers it by one.")

mod = primitive("mod", "mod", operator.mod, np.remainder,
                (lambda g, out, x, y: g, lambda g, out, x, y: -g * floor(x / y)),
                "x − y ⌊x / y⌋, of the sign of y, elementwise; shapes broadcast.", domain=((1.9, 2.1), (1.2, 1.6)),
                kinks="jumps where x / y is whole", remedy="keep the divisor away from 0",
                says="mod copies, as its slope is 1.")

exp      = primitive("exp",      "exp",   math.exp,   np.exp,   (lambda g, out, x: g * out,), "eˣ, elementwise.",
                     remedy="subtract the largest operand first, as softmax and logsumexp do",
                     says="eˣ is its own derivative: the result is the factor.")
log      = primitive("log",      "ln",    math.log,   np.log,   (lambda g, out, x: g / x,),
                     "The natural logarithm, elementwise.", domain=(POSITIVE,),
                     remedy="keep the operand above 0, or use log_softmax, logsumexp or logsigmoid",
                     says="ln scales by 1/x: the smaller x, the more it receives.")
sqrt     = primitive("sqrt",     "√",     math.sqrt,  np.sqrt,  (lambda g, out, x: g / (2 * out),),
                     "√x, elementwise.", domain=(POSITIVE,),
                     remedy="keep the operand above 0 before the root (where after it is too late), or use norm",
                     says="√ scales by one over twice the root.")
root     = primitive("root",     "√",     math.sqrt,  np.sqrt,
                     (lambda g, out, x: g * marked((1 - equal(out, 0.0)) / (2 * (out + equal(out, 0.0))), out),),
                     "√x, elementwise, of a sum of squares: its derivative at 0 is 0, its second one there NaN.",
                     domain=(POSITIVE,), kinks="√′(0) = 0",
                     says="√ scales by one over twice the root.")
sin      = primitive("sin",      "sin",   math.sin,   np.sin,   (lambda g, out, x: g * cos(x),),
                     "sin x, elementwise, x in radians.",
                     says="sin scales by the cosine.")
cos      = primitive("cos",      "cos",   math.cos,   np.cos,   (lambda g, out, x: -g * sin(x),),
                     "cos x, elementwise, x in radians.",
                     says="cos scales by the sine, with the sign turned.")
tanh     = primitive("tanh",     "tanh",  math.tanh,  np.tanh,  (lambda g, out, x: g * (1 - out * out),),
                     "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise.",
                     says="tanh scales by 1 − tanh²: at most 1, and next to nothing where it is saturated.")
sigmoid  = primitive("sigmoid",  "σ",     kernels.scalar_sigmoid, kernels.array_sigmoid,
                     (lambda g, out, x: g * out * (1 - out),), "1 / (1 + e⁻ˣ), elementwise.",
                     says="σ scales by σ × (1 − σ): at most ¼, and next to nothing where it is saturated.")
relu     = primitive("relu",     "relu",  lambda x: 0.0 if x <= 0 else x, lambda x: np.maximum(x, 0),
                     (lambda g, out, x: chosen(g, heaviside(x), x, 0.0),), "max(0, x), elementwise; relu′(0) = 0.",
                     kinks="relu′(0) = 0",
                     says="relu passes the gradient on where x > 0, and stops it elsewhere.")
erf      = primitive("erf",      "erf",   math.erf,   kernels.array_erf,
                     (lambda g, out, x: g * (2 / math.sqrt(math.pi)) * exp(-(x * x)),),
                     "2/√π ∫₀ˣ e^(−t²) dt, elementwise: the normal distribution's, up to scale.",
                     says="erf scales by the bell curve 2/√π e^(−x²).")
softplus = primitive("softplus", "softplus", kernels.scalar_softplus, lambda x: np.logaddexp(x, 0),
                     (lambda g, out, x: g * sigmoid(x),), "ln(1 + eˣ), elementwise, without overflow.",
                     says="softplus scales by σ(x), between 0 and 1.")
log1p    = primitive("log1p",    "log1p", math.log1p, np.log1p, (lambda g, out, x: g / (1 + x),),
                     "ln(1 + x), elementwise, precise near 0.", domain=(BELOW_ONE,))
expm1    = primitive("expm1",    "expm1", math.expm1, np.expm1, (lambda g, out, x: g * (out + 1),),
                     "eˣ − 1, elementwise, precise near 0.")
abs      = primitive("abs",      "abs",   math.fabs,  np.abs,   (lambda g, out, x: chosen(g, sign(x), x, 0.0),),
                     "|x|, elementwise; its derivative at 0 is 0, its second one there NaN.", kinks="|x|′(0) = 0",
                     says="|x| passes the gradient on with the sign of x.")
maximum  = primitive("maximum",  "max",   kernels.scalar_extreme(builtins.max), lambda *xs: reduce(np.maximum, xs),
                     (extreme_back,), "The largest of the operands, elementwise; ties share the gradient equally.",
                     variadic=True, symmetric=True, kinks="ties share the gradient equally",
                     says="max routes: the largest receives everything; ties share.")
minimum  = primitive("minimum",  "min",   kernels.scalar_extreme(builtins.min), lambda *xs: reduce(np.minimum, xs),
                     (extreme_back,), "The smallest of the operands, elementwise; ties share the gradient equally.",
                     variadic=True, symmetric=True, kinks="ties share the gradient equally",
                     says="min routes: the smallest receives everything; ties share.")
clip = primitive("clip", "clip", lambda x, lo, hi: x if x != x else builtins.min(builtins.max(x, lo), hi),
                 lambda x, lo, hi: np.clip(x, lo, hi),
                 (lambda g, out, x, lo, hi: chosen(g, equal(x, out), x, lambda: where(equal(x, lo), lo, hi)),),
                 "min(max(x, lo), hi), elementwise; passes the gradient on where lo ≤ x ≤ hi.",
                 params={"lo": None, "hi": None}, prepare=checks.clip,
                 kinks="at lo and hi, where the gradient passes",
                 cases=((((3, 4),), {"lo": -0.5, "hi": 1.0}), (((),), {"lo": 0.0}), (((2,),), {"hi": 0.3})),
                 says="clip passes the gradient on inside its limits, and stops it outside.")
astype = primitive("astype", "astype", lambda x, dtype: x, lambda x, dtype: np.asarray(x).astype(dtype),
                   (lambda g, out, x, dtype: g,), "x in another floating dtype.",
                   params={"dtype": np.float64}, prepare=checks.dtype, linear=True,
                   cases=((((3,),), {"dtype": np.float64}),))
