"""The scalar rows of the table in JavaScript, for pages that compute without Python.

Only forwards are stated here, a line for each. Rules are the table's own: run on a `Script`, they
write themselves down.
"""

from __future__ import annotations

import math
from typing import Any

from autograd import Node, Primitive
from autograd.arithmetic.operators import Operators
from autograd.core.primitive import Params

# Of operands {0}, {1}, ... or all {x}, and parameters; other functions are those of static/live.js.
FORWARDS = {
    "neg": "-{0}",
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "pow": "pow({0}, {1})",
    "mod": "mod({0}, {1})",
    "exp": "Math.exp({0})",
    "exp2": "Math.pow(2, {0})",
    "expm1": "Math.expm1({0})",
    "log": "Math.log({0})",
    "log2": "Math.log2({0})",
    "log10": "Math.log10({0})",
    "log1p": "Math.log1p({0})",
    "sqrt": "Math.sqrt({0})",
    "root": "Math.sqrt({0})",
    "cbrt": "Math.cbrt({0})",
    "hypot": "Math.hypot({0}, {1})",
    "direction": "direction({0}, {1})",
    "sin": "Math.sin({0})",
    "cos": "Math.cos({0})",
    "tan": "Math.tan({0})",
    "arcsin": "Math.asin({0})",
    "arccos": "Math.acos({0})",
    "arctan": "Math.atan({0})",
    "arctan2": "Math.atan2({0}, {1})",
    "sinh": "Math.sinh({0})",
    "cosh": "Math.cosh({0})",
    "tanh": "Math.tanh({0})",
    "arcsinh": "Math.asinh({0})",
    "arccosh": "Math.acosh({0})",
    "arctanh": "Math.atanh({0})",
    "sigmoid": "1 / (1 + Math.exp(-{0}))",
    "softplus": "Math.max({0}, 0) + Math.log1p(Math.exp(-Math.abs({0})))",
    "erf": "erf({0})",
    "abs": "Math.abs({0})",
    "relu": "{0} <= 0 ? 0 : {0}",
    "maximum": "Math.max({x})",
    "minimum": "Math.min({x})",
    "clip": "Math.min(Math.max({0}, {lo}), {hi})",
    "sign": "Math.sign({0})",
    "heaviside": "{0} > 0 ? 1 : 0",
    "floor": "Math.floor({0})",
    "isfinite": "Number.isFinite({0}) ? 1 : 0",
    "equal": "{0} === {1} ? 1 : 0",
    "where": "{0} !== 0 ? {1} : {2}",
    "marked": "{0}",
    "subgradient": "{0} * {1}",
    "stop_gradient": "{0}",
    "astype": "{0}",
}
LIMITS = {"lo": -math.inf, "hi": math.inf}  # of a parameter that is None


class Script(Operators[Any]):
    """An expression of JavaScript: rows called on it write themselves down.

    >>> from autograd import mul, tanh
    >>> g, out, x, y = map(Script, ("g", "out", "x", "y"))
    >>> tanh.vjps[0](g, out, x).text
    '(g * (1 - (out * out)))'
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __primitive__(self, row: Primitive, operands: tuple[Any, ...], params: Params) -> Script:
        texts = [x.text if isinstance(x, Script) else number(x) for x in operands]
        settings = {
            name: number(LIMITS[name] if x is None else x)
            for name, x in params.items()
            if name in LIMITS
        }
        return Script(f"({FORWARDS[row.name].format(*texts, x=', '.join(texts), **settings)})")


def number(x: Any) -> str:
    """A number as JavaScript writes it.

    >>> number(-0.5), number(2.0), number(math.inf)
    ('(-0.5)', '2', 'Infinity')
    """
    x = float(x)
    if math.isnan(x):
        return "NaN"
    text = "Infinity" if math.isinf(x) else repr(abs(x)).removesuffix(".0")
    return f"(-{text})" if math.copysign(1.0, x) < 0 else text


def row_of(node: Node) -> str:
    """What made `node`, as an object: its forward, a rule for each operand, and what it settles.

    `f` is a function of the operands, each rule in `r` of the gradient, the result and the
    operands, or null; `k` says that a NaN stays whatever reaches it (see `settled` of the walk).
    """
    row = node.op
    assert row is not None
    operands = tuple(Script(f"x[{i}]") for i in range(len(node.operands)))
    forward = Script("").__primitive__(row, operands, node.params).text
    rules = [
        _rule(rule(Script("g"), Script("out"), *operands, **node.params)) if rule else "null"
        for rule in row.rules(operands)
    ]
    keeps = ",k:1" if row.linear or row.marks else ""
    return f"{{f:(x)=>{forward},r:[{','.join(rules)}]{keeps}}}"


def _rule(made: Any) -> str:
    return f"(g,out,x)=>{made.text if isinstance(made, Script) else number(made)}"
