"""Conditions as people type them, such as `abs(grad) > 1`: through a whitelist, without `eval`."""

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

NAMES = ("value", "grad", "label", "op", "phase", "position")
FUNCTIONS = {name: getattr(np, name) for name in ("abs", "min", "max", "isnan", "isfinite")}
# fmt: off
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.USub: operator.neg, ast.Not: lambda x: not np.any(x),
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}
# fmt: on
Reading = Callable[[Mapping[str, Any]], Any]  # a part of a condition: its value at a step


def condition(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """A test of a step, a function of the values of `NAMES`, read from its text.

    It may compare numbers, texts and the names value, grad, label, op, phase and position, joined
    by + - * /, and, or, not, abs, min, max, isnan, isfinite. Of arrays it is enough that one
    element fulfils it; what asks for `grad` is false where there is none yet.

    Raises:
        ValueError: the text is no such condition.

    >>> large = condition("abs(grad) > 1 and op == 'mul'")
    >>> large({"grad": -2.0, "op": "mul"}), large({"grad": None, "op": "mul"})
    (True, False)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{text!r} is no condition: {error.args[0]}") from None
    asked = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    def compiled(node: ast.expr) -> Reading:
        match node:
            case ast.Constant(value=int() | float() | str() as constant):
                return lambda step: constant
            case ast.Name(id=name) if name in NAMES:
                return lambda step: step[name]
            case ast.UnaryOp(op=op, operand=x) if type(op) in OPERATORS:
                return _applied(OPERATORS[type(op)], compiled(x))
            case ast.BinOp(left=x, op=op, right=y) if type(op) in OPERATORS:
                return _applied(OPERATORS[type(op)], compiled(x), compiled(y))
            case ast.Compare(ops=ops) if all(type(op) in OPERATORS for op in ops):
                terms = [compiled(x) for x in (node.left, *node.comparators)]
                tests = [OPERATORS[type(op)] for op in ops]
                pairs = list(map(_applied, tests, terms, terms[1:]))
                return lambda step: reduce(np.logical_and, [pair(step) for pair in pairs])
            case ast.BoolOp(op=op, values=xs):
                holds, parts = any if isinstance(op, ast.Or) else all, [compiled(x) for x in xs]
                return lambda step: holds(np.any(part(step)) for part in parts)
            case ast.Call(func=ast.Name(id=name), args=[x], keywords=[]) if name in FUNCTIONS:
                return _applied(FUNCTIONS[name], compiled(x))
        raise ValueError(
            f"{ast.unparse(node)!r} is not allowed in the condition {text!r}; compare numbers and "
            f"{', '.join(NAMES)} using + - * /, and, or, not, {', '.join(FUNCTIONS)}"
        )

    holds = compiled(tree)

    def test(step: Mapping[str, Any]) -> bool:
        if "grad" in asked and step["grad"] is None:
            return False
        return bool(np.any(holds(step)))

    return test


def _applied(function: Callable[..., Any], *arguments: Reading) -> Reading:
    return lambda step: function(*[argument(step) for argument in arguments])
