"""Formulas, printed by running the rules themselves on symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from autograd.arithmetic.operators import Operators
from autograd.core.primitive import TABLE, Primitive

# How tightly an expression binds: a looser one inside a tighter one gets brackets.
SUM, MATMUL, PRODUCT, NEGATIVE, POWER, ATOM = range(6)


class Operator(Protocol):
    """A symbol with a symbol or a number is a symbol."""

    def __call__(self, other: Symbol | float, /) -> Symbol: ...


class Symbol(Operators[Operator]):
    """An expression to be read: primitives called on it write themselves down.

    >>> x = Symbol("x")
    >>> (1 - x * x).text
    '1 − x × x'
    """

    __slots__ = ("latex", "shape", "strength", "text")
    dtype = np.dtype(np.float64)

    def __init__(
        self,
        text: str,
        latex: str | None = None,
        strength: int = ATOM,
        shape: tuple[int, ...] = (),
    ) -> None:
        self.text, self.latex, self.strength, self.shape = text, latex or text, strength, shape

    def __repr__(self) -> str:
        return f"Symbol({self.text!r})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def inside(self, strength: int) -> tuple[str, str]:
        """Text and LaTeX as they stand inside an operator of this strength."""
        if self.strength >= strength:
            return self.text, self.latex
        return f"({self.text})", rf"\left({self.latex}\right)"

    @property
    def T(self) -> Symbol:
        return _transposed(self)

    mT = T  # noqa: N815, NumPy's name

    def __primitive__(
        self, primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]
    ) -> Symbol:
        symbols = [x if isinstance(x, Symbol) else number(x) for x in operands]
        way = WRITTEN.get(primitive.name)
        symbol = way(*symbols) if callable(way) else _call(primitive, symbols, way)
        symbol.shape = max((x.shape for x in symbols), key=len)
        return symbol


def number(x: Any) -> Symbol:
    """A number to be read, to six significant digits.

    >>> number(-0.25).text
    '−0.25'
    """
    if not isinstance(x, (int, float)):
        return Symbol(str(x))
    latex = f"{x:.6g}"
    return Symbol(latex.replace("-", "−"), latex, NEGATIVE if latex.startswith("-") else ATOM)


def _infix(
    text: str, latex: str, strength: int, left: int | None = None, right: int | None = None
) -> Callable[[Symbol, Symbol], Symbol]:
    def write(x: Symbol, y: Symbol) -> Symbol:
        x_text, x_latex = x.inside(strength if left is None else left)
        least = strength if right is None else right
        y_text, y_latex = y.inside(ATOM if y.strength == NEGATIVE else least)
        return Symbol(f"{x_text} {text} {y_text}", f"{x_latex} {latex} {y_latex}", strength)

    return write


def _around(before: str, after: str, latex_before: str, latex_after: str) -> Callable[..., Symbol]:
    return lambda x: Symbol(f"{before}{x.text}{after}", f"{latex_before}{x.latex}{latex_after}")


def _postfix(text: str, latex: str) -> Callable[..., Symbol]:
    def write(x: Symbol) -> Symbol:
        x_text, x_latex = x.inside(ATOM)
        return Symbol(f"{x_text}{text}", f"{{{x_latex}}}{latex}", shape=x.shape)

    return write


def _negative(x: Symbol) -> Symbol:
    text, latex = x.inside(PRODUCT if x.strength == PRODUCT else POWER)
    return Symbol(f"−{text}", f"-{latex}", NEGATIVE if x.strength != PRODUCT else PRODUCT)


def _power(x: Symbol, y: Symbol) -> Symbol:
    if y.text == "1":
        return x
    x_text, x_latex = x.inside(ATOM)
    y_text, _ = y.inside(ATOM)
    return Symbol(f"{x_text}^{y_text}", f"{{{x_latex}}}^{{{y.latex}}}", POWER)


def _quotient(x: Symbol, y: Symbol) -> Symbol:
    (x_text, _), (y_text, _) = x.inside(PRODUCT), y.inside(POWER)
    return Symbol(f"{x_text} / {y_text}", rf"\frac{{{x.latex}}}{{{y.latex}}}", PRODUCT)


def _where(c: Symbol, x: Symbol, y: Symbol) -> Symbol:
    return Symbol(
        f"({x.text} if {c.text} else {y.text})",
        rf"\begin{{cases}}{x.latex} & {c.latex} \\ {y.latex} & \text{{otherwise}}\end{{cases}}",
    )


_inverse = _postfix("⁻¹", "^{-1}")
_transposed = _postfix("ᵀ", r"^\top")


def _call(primitive: Primitive, symbols: list[Symbol], latex: str | None) -> Symbol:
    latex = latex or rf"\operatorname{{{primitive.name.replace('_', ' ')}}}"
    return Symbol(
        f"{primitive.symbol if primitive.scalar else primitive.name}"
        f"({', '.join(x.text for x in symbols)})",
        rf"{latex}\left({', '.join(x.latex for x in symbols)}\right)",
    )


# How each row is written: by a function of its operands' symbols, or called by its name, for which
# LaTeX may have a command of its own.
WRITTEN: dict[str, Callable[..., Symbol] | str | None] = {
    "neg": _negative,
    "add": _infix("+", "+", SUM),
    "sub": _infix("−", "-", SUM, right=PRODUCT),
    "mul": _infix("×", r"\times", PRODUCT),
    "div": _quotient,
    "pow": _power,
    "matmul": _infix("@", r"\,", MATMUL, left=POWER, right=POWER),
    "transpose": _transposed,
    "abs": _around("|", "|", r"\left|", r"\right|"),
    "sqrt": _around("√(", ")", r"\sqrt{", "}"),
    "where": _where,
    "marked": lambda y, x: y,
    "subgradient": lambda g, s, x, y: write(TABLE["mul"], g, s),
    "direction": lambda x, y: _quotient(x, write(TABLE["hypot"], x, y)),
    "root": _around("√(", ")", r"\sqrt{", "}"),
    "floor": _around("⌊", "⌋", r"\left\lfloor ", r"\right\rfloor "),
    "heaviside": _around("[", " > 0]", r"\left[", r" > 0\right]"),
    "equal": lambda x, y: Symbol(f"[{x.text} = {y.text}]", rf"\left[{x.latex} = {y.latex}\right]"),
    "exp": r"\exp",
    "log": r"\ln",
    "sin": r"\sin",
    "cos": r"\cos",
    "tanh": r"\tanh",
    "tan": r"\tan",
    "arcsin": r"\arcsin",
    "arccos": r"\arccos",
    "arctan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "arcsinh": r"\operatorname{arsinh}",
    "arccosh": r"\operatorname{arcosh}",
    "arctanh": r"\operatorname{artanh}",
    "log2": r"\log_2",
    "log10": r"\log_{10}",
    "sigmoid": r"\sigma",
    "maximum": r"\max",
    "minimum": r"\min",
    "max": r"\max",
    "sum": r"\sum",
    **dict.fromkeys(("erf", "softplus", "relu", "log1p", "expm1", "clip", "astype")),
    "cbrt": _around("∛(", ")", r"\sqrt[3]{", "}"),
    **dict.fromkeys(("exp2", "mod", "hypot", "arctan2", "sort", "sorted_by", "unsorted_by")),
    **dict.fromkeys(("solve", "cofactors", "logabsdet", "signdet", "cholesky")),
    "inv": _inverse,
    "det": r"\det",
    **dict.fromkeys(("sign", "isfinite", "stop_gradient")),
    **dict.fromkeys(("broadcast_to", "sum_to", "to_value", "reshape", "cumsum")),
    **dict.fromkeys(("take", "scatter", "pad", "concatenate", "stack", "windows", "overlap_add")),
}


def write(primitive: Primitive, *operands: Any, **params: Any) -> Symbol:
    """`primitive` of `operands` (symbols, names or numbers) written down.

    >>> from autograd import add
    >>> write(add, "a", 2.0).text
    'a + 2'
    """
    return Symbol("").__primitive__(primitive, tuple(map(_as_symbol, operands)), params)


def formula(
    primitive: Primitive,
    operand_index: int,
    operands: tuple[Any, ...] | None = None,
    *,
    g: Any = "g",
    out: Any = "out",
    params: dict[str, Any] | None = None,
) -> Symbol:
    """The local rule: what `primitive` sends to one operand, as `.text` and as `.latex`.

    Args:
        primitive: a row of the table.
        operand_index: which operand, from 0.
        operands: names or symbols for the operands, raw numbers for constants; x, y, z, w where not
            given.
        g: the upstream gradient, likewise.
        out: the result, likewise.
        params: the parameters of the call, those of the row's first test case where not given.

    Raises:
        IndexError: there is no such operand.
        ValueError: the result is locally constant in that operand, so that there is no rule.

    >>> from autograd import mul, sigmoid
    >>> formula(mul, 0).text, formula(mul, 0).latex
    ('g × y', 'g \\\\times y')
    >>> formula(sigmoid, 0, out="σ").text
    'g × σ × (1 − σ)'
    """
    shapes = primitive.cases[0][0] if primitive.cases else ((),) * len(primitive.domain)
    if operands is None:
        operands = ("x", "y", "z", "w")[
            : max(2, len(shapes)) if primitive.variadic else len(shapes)
        ]
    rules = primitive.rules(operands)
    if not 0 <= operand_index < len(rules):
        raise IndexError(
            f"{primitive.name} has {len(rules)} operand(s), numbered from 0, got {operand_index}"
        )
    rule = rules[operand_index]
    if rule is None:
        raise ValueError(
            f"{primitive.name} is locally constant in operand {operand_index}: no rule"
        )
    if params is None:
        params = primitive.cases[0][1] if primitive.cases else {}
    _, params = primitive.bind(operands, params)
    symbols = [_as_symbol(x) for x in operands]
    for symbol, shape in zip(symbols, shapes, strict=False):
        if isinstance(symbol, Symbol):
            symbol.shape = symbol.shape or shape
    upstream, result = _as_symbol(g), _as_symbol(out)
    upstream.shape = result.shape = max((np.shape(x) for x in symbols), key=len)
    written = rule(upstream, result, *symbols, **params)
    return written if isinstance(written, Symbol) else number(written)


def _as_symbol(x: Any) -> Any:
    return Symbol(x) if isinstance(x, str) else x
