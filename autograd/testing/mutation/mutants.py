"""Wrong versions of rules and of the engine: would your checks notice?

A mutant is one function with one thing changed in its syntax tree. `with mutant:` puts the changed
code into the function itself, so that everybody who holds the function runs it, and takes it out
again. The operators are those of mutation testing (A. J. Offutt et al., "An experimental
determination of sufficient mutant operators", 1996) and what goes wrong in derivatives: a sign, a
factor, the wrong variable, a sum that is missing, a number where a node is needed.
"""

from __future__ import annotations

import ast
import copy
import inspect
import linecache
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograd.arithmetic.tensor import Tensor
from autograd.arithmetic.value import Value
from autograd.core import derivatives, gradients, node, numbers, walk
from autograd.core.node import Node
from autograd.core.numbers import HOLDERS
from autograd.core.primitive import TABLE, Primitive
from autograd.table import kernels

Function = Any  # FunctionType; type checkers know a `def` by its signature only

# What carries gradients without being a rule.
ENGINE: tuple[Function, ...] = (
    walk.toposort,
    walk.vjp,
    walk.steps,
    walk.walk_from,
    walk.propagate,
    walk.leading_to,
    walk.as_seed,
    walk.observed,
    walk.recompute,
    gradients.pullback,
    gradients.backward,
    gradients.grad,
    gradients.zeros_like,
    gradients.owned,
    gradients.as_node,
    gradients.listed,
    gradients.has_nan,
    derivatives.jacobian,
    derivatives.hessian,
    derivatives.hvp,
    derivatives.jvp,
    derivatives.vectors_for,
    derivatives.against,
    kernels.sum_to_shape,
    kernels.accumulate,
    kernels.scatter_into,
    kernels.is_fancy,
    kernels.view_windows,
    kernels.add_windows,
    kernels.broadcast_copy,
    kernels.pad_with,
    kernels.mask,
    numbers.frozen,
    node.new_node,
    Primitive.rules,
    Value.fitted,
    Tensor.fitted,
    vars(node.Node)["operands"].fget,
    vars(node.Node)["operands"].fset,
    vars(node.Node)["grad"].fget,
)

# --- operators --------------------------------------------------------------------------------

_BINARY = {
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
_MODULES = ("np", "math", "operator", "builtins", "kernels")
_REDUCTIONS = {"sum": "mean", "mean": "sum"}
_SYMMETRIC = (
    *("equal", "isinstance", "max", "min", "fmax"),
    *(
        "allclose",
        "array_equal",
        "broadcast_shapes",
        "identical",
        "same",
        "shares_memory",
        "suppress",
    ),
)
_SHAPES_AND_MASKS = ("shape_of", "equal", "heaviside", "sign", "isfinite", "shape", "ndim", "dtype")
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
_IADD = ast.parse("__import__('operator').iadd", mode="eval").body
_CUT = "__import__('autograd').stop_gradient({})"

Variant = tuple[str, ast.AST | None]  # the operator's name, and what stands in the node's place


def doubling(gradient: Any, result: Any) -> Any:
    """`result`, with `gradient` doubled in place where it is an array."""
    if isinstance(gradient, np.ndarray):
        gradient *= 2.0
    return result


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _copied(tree: Any, **changes: Any) -> Any:
    twin = copy.copy(tree)
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin


def _variants(tree: ast.AST, variables: tuple[str, ...]) -> Iterator[Variant]:
    """Every wrong version of one syntax node; `variables` are those of a rule."""
    match tree:
        case ast.BinOp(left=left, op=op, right=right):
            yield "another operator", _copied(tree, op=_BINARY[type(op)]())
            if isinstance(op, ast.Add) and isinstance(left, ast.Subscript):
                yield "accumulated in place", ast.Call(_IADD, [left, right], [])
            yield "operand dropped", left
            yield "operand dropped", right
            if isinstance(op, _NON_COMMUTATIVE):
                yield "operands swapped", _copied(tree, left=right, right=left)
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
                    yield "another comparison", _copied(tree, ops=others)
        case ast.BoolOp(op=junction, values=parts):
            flipped = ast.Or() if isinstance(junction, ast.And) else ast.And()
            yield "and for or", _copied(tree, op=flipped)
            for i in range(len(parts)):
                rest = parts[:i] + parts[i + 1 :]
                yield "condition dropped", _copied(tree, values=rest) if len(rest) > 1 else rest[0]
        case ast.Call():
            yield from _of_call(tree)
        case ast.IfExp(body=body, orelse=orelse):
            yield "branch always taken", body
            yield "branch never taken", orelse
        case ast.If():
            yield "branch always taken", _copied(tree, test=ast.Constant(True))
            yield "branch never taken", _copied(tree, test=ast.Constant(False))
        case ast.Slice(lower=lower, upper=upper):
            if lower is not None:
                yield "bound dropped", _copied(tree, lower=None)
            if upper is not None:
                yield "bound dropped", _copied(tree, upper=None)
        case ast.comprehension(ifs=[_, *_]):
            yield "condition dropped", _copied(tree, ifs=[])
        case ast.Name(id=name, ctx=ast.Load()) if name in variables:
            for other_name in variables:
                if other_name != name:
                    yield "wrong variable", ast.Name(other_name, ast.Load())
            yield "raw data for a node", _parsed(_CUT.format(name))
    if isinstance(tree, ast.AugAssign):
        target = _copied(tree.target, ctx=ast.Store())
        yield "overwritten, not accumulated", ast.Assign([target], tree.value)
    if isinstance(tree, _DROPPABLE) and not _is_yield(tree):
        yield "statement dropped", None


def _is_yield(tree: ast.AST) -> bool:
    """Whether it is what makes a function a generator, which it has to stay."""
    return isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Yield)


def _of_call(tree: ast.Call) -> Iterator[Variant]:
    function, arguments = tree.func, tree.args
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if arguments and not isinstance(arguments[0], (ast.Starred, ast.GeneratorExp)):
        yield "call dropped", arguments[0]
    if isinstance(function, ast.Attribute):
        of_module = isinstance(function.value, ast.Name) and function.value.id in _MODULES
        if not of_module:
            yield "method dropped", function.value
    for i, keyword in enumerate(tree.keywords):
        if keyword.arg not in (None, "strict"):  # `strict` only guards
            rest = tree.keywords[:i] + tree.keywords[i + 1 :]
            yield "keyword dropped", _copied(tree, keywords=rest)
    starred = any(isinstance(argument, ast.Starred) for argument in arguments[:2])
    if len(arguments) >= 2 and not starred and name not in _SYMMETRIC:
        swapped = [arguments[1], arguments[0], *arguments[2:]]
        yield "arguments swapped", _copied(tree, args=swapped)
    if name in _REDUCTIONS and isinstance(function, ast.Attribute):
        other = _REDUCTIONS[name]
        yield f"{other} for {name}", _copied(tree, func=_copied(function, attr=other))
    elif name == "sum" and tree.keywords:
        yield "mean for sum", _copied(tree, func=_parsed("__import__('autograd').mean"))
    if name == "array":
        yield "not copied", _copied(tree, func=_copied(function, attr="asarray"))


# --- whole algorithms gone wrong --------------------------------------------------------------
# They run in the place of the function, with its globals.


def _by_value(*outputs: Node) -> list[Node]:
    """nodes that hold equal numbers are taken for one"""
    seen = {str(x.raw): x for x in outputs}
    stack = list(outputs)
    while stack:
        for operand in stack.pop().operands:
            if isinstance(operand, Node) and str(operand.raw) not in seen:
                seen[str(operand.raw)] = operand
                stack.append(operand)
    return sorted(seen.values(), key=lambda node: node.index)


def _preorder(*outputs: Node) -> list[Node]:
    """in the order in which a depth-first search meets the nodes"""
    seen, stack = dict.fromkeys(outputs), list(outputs)
    while stack:
        for operand in stack.pop().operands:
            if isinstance(operand, Node) and operand not in seen:
                seen[operand] = None
                stack.append(operand)
    return list(reversed(seen))


def _recursive(*outputs: Node) -> list[Node]:
    """by recursion, which ends on deep graphs"""
    seen: dict[Node, None] = {}

    def visit(x: Node) -> None:
        if x not in seen:
            seen[x] = None
            for operand in x.operands:
                if isinstance(operand, Node):
                    visit(operand)

    for output in outputs:
        visit(output)
    return sorted(seen, key=lambda node: node.index)


def _leading_only(x: Any, shape: tuple[int, ...]) -> Any:
    """axes of size 1 are not summed, only the leading ones"""
    axes = tuple(range(np.ndim(x) - len(shape)))
    return np.reshape(np.sum(x, axis=axes).ravel()[: int(np.prod(shape))], shape)


def _last_written(x: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> np.ndarray:
    """an element taken twice gets one gradient, not the sum"""
    out = np.zeros(shape, np.asarray(x).dtype)
    out[index] = x
    return out


WRONG_VERSIONS: dict[Function, tuple[Function, ...]] = {
    walk.toposort: (_by_value, _preorder, _recursive),
    kernels.sum_to_shape: (_leading_only,),
    kernels.scatter_into: (_last_written,),
}

# --- mutants ----------------------------------------------------------------------------------


class Mutant:
    """A function with one thing wrong, while `with mutant:` lasts.

    `target` names the function, `operator` the kind of change, `change` what was written and what
    stands there now; `primitives` are the rows whose rules it belongs to, none for the engine.

    >>> from autograd import Value, mul
    >>> negated = next(m for m in mutants(mul) if m.operator == "negated")
    >>> print(negated)
    mul[0]: g * y → -(g * y) (negated)
    >>> x = Value(3.0)
    >>> with negated:
    ...     (x * 2.0).backward()
    >>> x.grad
    -2.0
    """

    def __init__(
        self,
        function: FunctionType,
        code: CodeType,
        target: str,
        operator: str,
        change: str,
        primitives: tuple[Primitive, ...] = (),
    ) -> None:
        self.function, self.code, self.target = function, code, target
        self.operator, self.change, self.primitives = operator, change, primitives

    def __str__(self) -> str:
        return f"{self.target}: {self.change} ({self.operator})"

    def __repr__(self) -> str:
        return f"<mutant {self}>"

    def __enter__(self) -> Mutant:
        self._swap()
        self.attributes = {face: set(vars(face)) for face in HOLDERS.values()}
        return self

    def __exit__(self, *exception: Any) -> None:
        self._swap()
        for face, names in self.attributes.items():  # it may have taken a class for its instance
            for name in set(vars(face)) - names:
                delattr(face, name)

    def _swap(self) -> None:
        self.function.__code__, self.code = self.code, self.function.__code__


Target = Primitive | Callable[..., Any]


def mutants(of: Target | Iterable[Target] | None = None) -> list[Mutant]:
    """Wrong versions of a primitive's rules, of a function, or of several.

    Args:
        of: a primitive (its rules, and the functions of their module that they call), a function
            written in Python, or several of these; None is every row of the table and `ENGINE`.

    Raises:
        ValueError: the function's source is not to be found.

    >>> len(mutants(TABLE["add"])) > 5
    True
    """
    if of is None:
        of = (*TABLE.values(), *ENGINE)
    targets = [of] if isinstance(of, Primitive) or callable(of) else list(of)
    owners: dict[Function, list[Primitive]] = {}
    names: dict[Function, str] = {}
    rules = set()
    for target in targets:
        if isinstance(target, Primitive):
            for i, rule in enumerate(target.vjps):
                if rule is None:
                    continue
                rules.add(rule)
                names.setdefault(
                    rule, f"{target.name}[{i}]" if not target.variadic else target.name
                )
                for function in _called(rule):
                    owned = owners.setdefault(function, [])
                    if target not in owned:
                        owned.append(target)
        else:
            owners.setdefault(target, [])
    return [
        mutant
        for function, primitives in owners.items()
        for mutant in _mutated(
            function,
            names.get(function) or qualified(function),
            tuple(primitives),
            function in rules,
        )
    ]


def functions_in(*modules: ModuleType) -> tuple[Function, ...]:
    """Every function and method that is written in the modules, whatever decorates it."""
    return tuple(
        function
        for module in modules
        for owner in (module, *filter(inspect.isclass, vars(module).values()))
        for function in map(_undecorated, vars(owner).values())
        if isinstance(function, FunctionType) and function.__code__.co_filename == module.__file__
    )


def _undecorated(held: Any) -> Any:
    """The function inside a property, a cache or a context manager."""
    for attribute in ("fget", "func", "__wrapped__"):
        held = getattr(held, attribute, held)
    return held


def qualified(function: Function) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"


def _called(function: Any) -> list[FunctionType]:
    """`function`, and the plain functions of its module that it calls, directly or not."""
    found, stack = [], [function]
    while stack:
        f = stack.pop()
        if f in found:
            continue
        found.append(f)
        for name in f.__code__.co_names if isinstance(f, FunctionType) else ():
            other = f.__globals__.get(name)
            if isinstance(other, FunctionType) and other.__module__ == f.__module__:
                stack.append(other)
    return found


def _mutated(
    function: FunctionType, target: str, primitives: tuple[Primitive, ...], is_rule: bool
) -> Iterator[Mutant]:
    tree = _source(function)
    variables = tuple(a.arg for a in tree.args.args if a.arg != "i") if is_rule else ()
    seen, changes = {ast.unparse(tree)}, Counter[str]()
    params = {name for primitive in primitives for name in primitive.params}
    others = _other_rules(primitives) if is_rule else ()
    for operator, change, changed in (*_changed(tree, variables, params), *others):
        text = ast.unparse(changed)
        code = None if text in seen else _compiled(changed, function)
        seen.add(text)
        if code is not None:
            changes[change] += 1
            again = f" #{changes[change]}" if changes[change] > 1 else ""
            yield Mutant(function, code, target, operator, change + again, primitives)
    for wrong in WRONG_VERSIONS.get(function, ()):
        yield Mutant(function, wrong.__code__, target, "another algorithm", wrong.__doc__ or "")


def _other_rules(primitives: tuple[Primitive, ...]) -> Iterator[tuple[str, str, Any]]:
    for primitive in primitives:
        for i, rule in enumerate(primitive.vjps):
            if rule is not None:
                yield "rule of another operand", f"the rule → that of operand {i}", _source(rule)


def _changed(
    tree: Any, variables: tuple[str, ...], params: set[str]
) -> Iterator[tuple[str, str, Any]]:
    """(operator, what changed, the whole function with that change)."""
    for path, part in _parts(tree):
        variants = list(_variants(part, variables))
        if variables and path == ("body",):
            variants += _wrong_results(part, variables[0], lambda wrong: wrong)
        elif variables and isinstance(part, ast.Return) and part.value is not None:
            variants += _wrong_results(part.value, variables[0], ast.Return)
        for operator, variant in variants:
            if operator == "raw data for a node" and (
                getattr(part, "id", "") in params or _locally_constant(tree, path)
            ):
                continue
            changed = ast.fix_missing_locations(_replaced(tree, path, variant))
            place = _statement(tree, path)
            before, after = _line(_at(tree, place)), _line(_at(changed, place))
            yield operator, f"{before} → {after}", changed


def _locally_constant(tree: Any, path: tuple[Any, ...]) -> bool:
    """Whether `path` ends inside a shape or a mask, where a node's history plays no part."""
    for i in range(1, len(path)):
        around = _at(tree, path[:i])
        called = getattr(around.func, "id", "") if isinstance(around, ast.Call) else ""
        if {called, getattr(around, "attr", "")} & set(_SHAPES_AND_MASKS):
            return True
    return False


def _wrong_results(
    value: ast.AST, gradient: str, wrapped: Callable[[Any], ast.AST]
) -> list[Variant]:
    text = ast.unparse(value)
    forms = _RESULTS.items()
    return [(name, wrapped(_parsed(form.format(text, gradient)))) for name, form in forms]


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step] if isinstance(step, int) else getattr(tree, step)
    return tree


def _statement(tree: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The way to the statement, or the lambda's body, in which `path` ends."""
    while len(path) > 1 and not isinstance(_at(tree, path), ast.stmt):
        path = path[:-1]
    return path


def _line(tree: ast.AST) -> str:
    """One line of source: of a statement with a body only its head."""
    text = ast.unparse(tree).strip().split("\n")[0]
    text = re.sub(r"__import__\(.*?\)\.", "", text)
    return "nothing" if text == "pass" else text


def _parts(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], ast.AST]]:
    """The syntax nodes inside a function's body, each with the way to it; not texts or errors."""
    if not path:
        children: Iterable[tuple[Any, Any]] = [("body", tree.body)]
    else:
        children = ast.iter_fields(tree)
    for name, child in children:
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(
            tree, ast.Call
        ):
            continue
        items = child if isinstance(child, list) else [child]
        for i, item in enumerate(items):
            if not isinstance(item, ast.AST) or isinstance(item, (ast.Raise, ast.JoinedStr)):
                continue
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
                continue  # a docstring
            if isinstance(item, ast.keyword) and item.arg == "strict":
                continue
            here = (*path, name, i) if isinstance(child, list) else (*path, name)
            yield here, item
            yield from _parts(item, here)


def _replaced(tree: Any, path: tuple[Any, ...], variant: ast.AST | None) -> Any:
    """`tree` with `variant` at the end of `path`, nothing if None; the rest of it is shared."""
    if not path:
        return ast.Pass() if variant is None else variant
    twin, first = copy.copy(tree), path[0]
    if isinstance(first, int):
        twin[first] = _replaced(tree[first], path[1:], variant)
    else:
        setattr(twin, first, _replaced(getattr(tree, first), path[1:], variant))
    return twin


def _compiled(tree: Any, function: FunctionType) -> CodeType | None:
    """The code of the changed function; None where it is no valid Python any more."""
    file = f"<mutant of {function.__code__.co_filename}>"
    namespace: dict[str, Any] = {}
    try:
        if isinstance(tree, ast.Lambda):
            made = eval(compile(ast.Expression(tree), file, "eval"), function.__globals__)
        else:
            exec(compile(ast.Module([tree], []), file, "exec"), function.__globals__, namespace)
            made = namespace[tree.name]
    except SyntaxError:
        return None
    same = made.__code__.co_freevars == function.__code__.co_freevars
    return made.__code__ if same else None


# --- sources ----------------------------------------------------------------------------------


@cache
def _module_tree(file: str, text: str) -> ast.Module:
    return ast.parse(text)


def _source(function: Any) -> Any:
    """The syntax tree of a function, which for a lambda is found by the columns of its code."""
    if not isinstance(function, FunctionType):
        raise ValueError(f"a mutant needs a function written in Python, got {function!r}")
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    if not text:
        raise ValueError(
            f"the source of {function.__qualname__} is not to be found; write it to a file"
        )
    candidates = [
        tree
        for tree in ast.walk(_module_tree(code.co_filename, text))
        if (isinstance(tree, ast.Lambda) and code.co_name == "<lambda>" and _holds(tree.body, code))
        or (
            isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef))
            and tree.name == code.co_name
            and min([tree.lineno, *(d.lineno for d in tree.decorator_list)]) == code.co_firstlineno
        )
    ]
    if not candidates:
        raise ValueError(f"the source of {function.__qualname__} has changed since it was imported")
    tree: Any = copy.deepcopy(min(candidates, key=lambda tree: len(ast.unparse(tree))))
    tree.decorator_list = []  # these and the defaults stay with the function, which gets the code
    tree.args.defaults, tree.args.kw_defaults = [], [None] * len(tree.args.kwonlyargs)
    return tree


def _holds(body: ast.expr, code: CodeType) -> bool:
    """Whether all of the code's instructions come from the text of `body`."""
    begin, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    places = [
        ((line, column), (last, last_column))
        for line, last, column, last_column in code.co_positions()
        if line and last and column is not None and last_column  # the frame's own have no columns
    ]
    return bool(places) and all(begin <= first and last <= end for first, last in places)
