"""Every wrong version of one syntax node.

The operators are those of mutation testing (A. J. Offutt et al., "An experimental determination of
sufficient mutant operators", 1996) and what goes wrong in derivatives: a sign, a factor, the wrong
variable, a sum that is missing, a number where a node is needed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd import TABLE

Variant = tuple[str, ast.AST | None]  # the operator's name, and what stands in the node's place

_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_NON_COMMUTATIVE = (ast.Sub, ast.Div, ast.Pow, ast.MatMult)
_REDUCTIONS = {"sum": "mean", "mean": "sum"}
# Calls whose first two arguments may be swapped, or never without an error.
_SYMMETRIC = {
    *(row.name for row in TABLE.values() if row.symmetric),
    *("allclose", "array_equal", "broadcast_shapes", "fmax", "identical", "isinstance"),
    *("max", "min", "same", "shares_memory", "suppress"),
}
_IADD = "__import__('operator').iadd"
_DROPPABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Continue)

_SELF = f"__import__({__name__!r}, fromlist=[''])"
# What may go wrong with the result of a rule as a whole; it runs in any module.
_RESULTS = {
    "negated": "-({})",
    "zero": "0 * ({})",
    "scaled by 1.001": "1.001 * ({})",
    "rounded to float32": "__import__('autograd').astype({}, dtype='float32')",
    "cut from the graph": "__import__('autograd').stop_gradient({})",
    "upstream gradient overwritten": f"{_SELF}.doubling({{1}}, {{0}})",
}


class Scope(NamedTuple):
    """What names mean in a function: its variables, if it is a rule, and the modules it knows."""

    variables: tuple[str, ...]
    modules: Collection[str]


def variants(tree: ast.AST, scope: Scope) -> Iterator[Variant]:
    """Every wrong version of one syntax node."""
    match tree:
        case ast.BinOp() | ast.UnaryOp() | ast.Constant() | ast.Compare() | ast.BoolOp():
            yield from _of_expression(tree)
        case ast.Call():
            yield from _of_call(tree, scope.modules)
        case ast.Name(id=name, ctx=ast.Load()) if name in scope.variables:
            for other in scope.variables:
                if other != name:
                    yield "wrong variable", ast.Name(other, ast.Load())
            yield "raw data for a node", _parsed(_RESULTS["cut from the graph"].format(name))
        case ast.AugAssign(target=target, value=value):
            yield (
                "overwritten, not accumulated",
                ast.Assign([_with(target, ctx=ast.Store())], value),
            )
        case _:
            yield from _of_choice(tree)
    if isinstance(tree, _DROPPABLE) and not _is_yield(tree):
        yield "statement dropped", None


def _of_expression(tree: ast.AST) -> Iterator[Variant]:
    match tree:
        case ast.BinOp(left=left, op=op, right=right):
            yield "another operator", _with(tree, op=_BINARY[type(op)]())
            if isinstance(op, ast.Add) and isinstance(left, ast.Subscript):
                yield "accumulated in place", ast.Call(_parsed(_IADD), [left, right], [])
            yield "operand dropped", left
            yield "operand dropped", right
            if isinstance(op, _NON_COMMUTATIVE):
                yield "operands swapped", _with(tree, left=right, right=left)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield "sign or negation dropped", operand
        case ast.Constant(value=bool(flag)):
            yield "constant changed", ast.Constant(not flag)
        case ast.Constant(value=int() | float() as number):
            for other in (number + 1, number - 1, -number, 1.001 * number):
                if other != number and (isinstance(number, float) or isinstance(other, int)):
                    yield "constant changed", ast.Constant(other)
        case ast.Compare(ops=ops):
            for i, comparison in enumerate(ops):
                for other_op in _COMPARISONS[type(comparison)]:
                    others = [*ops[:i], other_op(), *ops[i + 1 :]]
                    yield "another comparison", _with(tree, ops=others)
        case ast.BoolOp(op=junction, values=parts):
            flipped = ast.Or() if isinstance(junction, ast.And) else ast.And()
            yield "and for or", _with(tree, op=flipped)
            for i in range(len(parts)):
                rest = parts[:i] + parts[i + 1 :]
                yield "condition dropped", _with(tree, values=rest) if len(rest) > 1 else rest[0]


def _of_choice(tree: ast.AST) -> Iterator[Variant]:
    """Of what chooses a branch, elements or a part."""
    match tree:
        case ast.IfExp(body=body, orelse=orelse):
            yield "branch always taken", body
            yield "branch never taken", orelse
        case ast.If():
            yield "branch always taken", _with(tree, test=ast.Constant(True))
            yield "branch never taken", _with(tree, test=ast.Constant(False))
        case ast.Slice(lower=lower, upper=upper):
            if lower is not None:
                yield "bound dropped", _with(tree, lower=None)
            if upper is not None:
                yield "bound dropped", _with(tree, upper=None)
        case ast.comprehension(ifs=[_, *_]):
            yield "condition dropped", _with(tree, ifs=[])


def _of_call(tree: ast.Call, modules: Collection[str]) -> Iterator[Variant]:
    function, arguments = tree.func, tree.args
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if arguments and not isinstance(arguments[0], (ast.Starred, ast.GeneratorExp)):
        yield "call dropped", arguments[0]
    if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in modules:
        yield "method dropped", function.value
    for i, keyword in enumerate(tree.keywords):
        if keyword.arg not in (None, "strict"):  # `strict` only guards
            rest = tree.keywords[:i] + tree.keywords[i + 1 :]
            yield "keyword dropped", _with(tree, keywords=rest)
    starred = any(isinstance(argument, ast.Starred) for argument in arguments[:2])
    if len(arguments) >= 2 and not starred and name not in _SYMMETRIC:
        swapped = [arguments[1], arguments[0], *arguments[2:]]
        yield "arguments swapped", _with(tree, args=swapped)
    if name in _REDUCTIONS and isinstance(function, ast.Attribute):
        other = _REDUCTIONS[name]
        yield f"{other} for {name}", _with(tree, func=_with(function, attr=other))
    elif name == "sum" and tree.keywords:
        yield "mean for sum", _with(tree, func=_parsed("__import__('autograd').mean"))
    if name == "array":
        yield "not copied", _with(tree, func=_with(function, attr="asarray"))


def wrong_results(value: ast.AST, gradient: str) -> Iterator[tuple[str, ast.expr]]:
    """Every wrong version of what a rule returns, `gradient` being its upstream gradient."""
    text = ast.unparse(value)
    for name, form in _RESULTS.items():
        yield name, _parsed(form.format(text, gradient))


def doubling(gradient: Any, result: Any) -> Any:
    """`result`, with `gradient` doubled in place where it is an array."""
    if isinstance(gradient, np.ndarray):
        gradient *= 2.0
    return result


def _is_yield(tree: ast.AST) -> bool:
    """Whether it is what makes a function a generator, which it has to stay."""
    return isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Yield)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _with(tree: Any, **changes: Any) -> Any:
    """A copy of the node with other fields."""
    twin = copy.copy(tree)
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin
