"""Every function that differs from a given one in one place of its syntax tree.

The operators are those of mutation testing (A. J. Offutt et al., "An experimental determination of
sufficient mutant operators", 1996) and what goes wrong in derivatives: a sign, a factor, the wrong
variable, a sum that is missing, a number where a node is needed.
"""

import ast
import copy
import re
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from autograd import TABLE
from autograd.testing.mutation.sources import Tree

Path = tuple[str | int, ...]  # fields and places in lists, from the function down to a node
Variant = tuple[str, ast.AST | None]  # the operator's name, and what stands in the node's place
Change = tuple[str, str, Tree]  # the operator, the line before and after, the function

# What tells nothing of a node's history: shapes, and rows that are locally constant.
_SHAPES_AND_MASKS = {
    *("shape_of", "shape", "ndim", "dtype"),
    *(row.name for row in TABLE.values() if not any(row.vjps)),
}
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
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
# What may go wrong with a rule's result {0}, {1} being its upstream gradient; runs in any module.
_RESULTS = {
    "negated": "-({})",
    "zero": "0 * ({})",
    "scaled by 1.001": "1.001 * ({})",
    "rounded to float32": "__import__('autograd').astype({}, dtype='float32')",
    "cut from the graph": "__import__('autograd').stop_gradient({})",
    "upstream gradient overwritten": f"{_SELF}.doubling({{1}}, {{0}})",
}


def changes(
    tree: Tree, variables: tuple[str, ...], modules: Collection[str], params: Collection[str]
) -> Iterator[Change]:
    """`tree`, which is left alone, with each of its variants.

    `variables` are those of a rule, none for other functions; `params` never are nodes.
    """
    for path, part in _parts(tree):
        found = list(variants(part, variables, modules))
        if variables:
            found += _of_result(path, part, variables[0])
        for operator, variant in found:
            if operator == "raw data for a node" and (
                getattr(part, "id", "") in params or _locally_constant(tree, path)
            ):
                continue
            changed = ast.fix_missing_locations(_replaced(tree, path, variant))
            place = _statement(tree, path)
            before, after = _line(_at(tree, place)), _line(_at(changed, place))
            yield operator, f"{before} → {after}", changed


def _of_result(path: Path, part: ast.AST, gradient: str) -> Iterator[Variant]:
    """Wrong versions of a rule's result: where it is a lambda of its body, else of a `return`."""
    result = part.value if isinstance(part, ast.Return) else part if path == ("body",) else None
    if result is not None:
        for operator, form in _RESULTS.items():
            wrong = _parsed(form.format(ast.unparse(result), gradient))
            yield operator, wrong if result is part else ast.Return(wrong)


def _locally_constant(tree: Tree, path: Path) -> bool:
    """Whether `path` ends inside a shape or a mask, where a node's history plays no part."""
    for i in range(1, len(path)):
        around = _at(tree, path[:i])
        function = getattr(around.func, "id", "") if isinstance(around, ast.Call) else ""
        if {function, getattr(around, "attr", "")} & _SHAPES_AND_MASKS:
            return True
    return False


def _parts(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """The syntax nodes inside a function's body, each with the way to it; not texts or errors."""
    types = ("annotation", "returns", "decorator_list", "args")
    for name, child in ast.iter_fields(tree) if path else [("body", tree.body)]:
        if name in types and not isinstance(tree, ast.Call):
            continue
        for i, item in enumerate(child if isinstance(child, list) else [child]):
            if isinstance(item, ast.AST) and not _left_alone(item):
                here = (*path, name, i) if isinstance(child, list) else (*path, name)
                yield here, item
                yield from _parts(item, here)


def _left_alone(part: ast.AST) -> bool:
    """An error, a text, a docstring, and `strict`, which only guards."""
    match part:
        case ast.Raise() | ast.JoinedStr() | ast.Expr(ast.Constant()) | ast.keyword("strict"):
            return True
    return False


def _at(tree: Tree, path: Path) -> Tree:
    for step in path:
        tree = tree[step] if isinstance(step, int) else getattr(tree, step)
    return tree


def _statement(tree: Tree, path: Path) -> Path:
    """The way to the statement, or the lambda's body, in which `path` ends."""
    while len(path) > 1 and not isinstance(_at(tree, path), ast.stmt):
        path = path[:-1]
    return path


def _line(tree: ast.AST) -> str:
    """One line of source: of a statement with a body only its head."""
    text = ast.unparse(tree).strip().split("\n")[0]
    text = re.sub(r"__import__\(.*?\)\.", "", text)
    return "nothing" if text == "pass" else text


def _replaced(tree: Tree, path: Path, variant: ast.AST | None) -> Tree:
    """`tree` with `variant` at the end of `path`, nothing if None; the rest of it is shared."""
    if not path:
        return ast.Pass() if variant is None else variant
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        return [*tree[:first], _replaced(tree[first], rest, variant), *tree[first + 1 :]]
    return _with(tree, **{first: _replaced(getattr(tree, first), rest, variant)})


def variants(
    tree: ast.AST, variables: tuple[str, ...], modules: Collection[str]
) -> Iterator[Variant]:
    """Every wrong version of one syntax node."""
    match tree:
        case ast.BinOp() | ast.UnaryOp() | ast.Constant() | ast.Compare() | ast.BoolOp():
            yield from _of_expression(tree)
        case ast.Call():
            yield from _of_call(tree, modules)
        case ast.Name(id=name, ctx=ast.Load()) if name in variables:
            for other in variables:
                if other != name:
                    yield "wrong variable", ast.Name(other, ast.Load())
            yield "raw data for a node", _parsed(_RESULTS["cut from the graph"].format(name))
        case ast.AugAssign(target=target, value=value):
            assigned = ast.Assign([_with(target, ctx=ast.Store())], value)
            yield "overwritten, not accumulated", assigned
        case _:
            yield from _of_choice(tree)
    # a generator has to stay one
    if isinstance(tree, _DROPPABLE) and not isinstance(getattr(tree, "value", None), ast.Yield):
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


def doubling(gradient: Any, result: Any) -> Any:
    """`result`, with `gradient` doubled in place where it is an array."""
    if isinstance(gradient, np.ndarray):
        gradient *= 2.0
    return result


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _with(tree: Any, **changes: Any) -> Any:
    """A copy of the node with other fields."""
    twin = copy.copy(tree)
    vars(twin).update(changes)
    return twin
