"""The source of a function as a syntax tree, and a changed tree as code for that function."""

import ast
import copy
import inspect
import linecache
from collections.abc import Iterable
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

Function = Any  # FunctionType; type checkers know a `def` by its signature only
Tree = Any  # a syntax tree whose fields are read by name


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
    """The function's name behind that of its file."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"


def called(function: Function) -> list[Function]:
    """`function`, and the plain functions of its module that it calls, directly or not."""
    found = [function]
    for f in found:
        for name in f.__code__.co_names if isinstance(f, FunctionType) else ():
            other = f.__globals__.get(name)
            ours = isinstance(other, FunctionType) and other.__module__ == f.__module__
            if ours and other not in found:
                found.append(other)
    return found


def tree_of(function: Function) -> Tree:
    """The syntax tree of a function, which for a lambda is found by the columns of its code."""
    if not isinstance(function, FunctionType):
        raise ValueError(f"a mutant needs a function written in Python, got {function!r}")
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    source = f"the source of {function.__qualname__}"
    if not text:
        raise ValueError(f"{source} is not to be found; write it to a file")
    candidates = [part for part in _functions_of(text) if _may_be(part, code)]
    if not candidates:
        raise ValueError(f"{source} has changed since it was imported")
    tree = copy.deepcopy(min(candidates, key=lambda tree: len(ast.unparse(tree))))
    tree.decorator_list = []  # these and the defaults stay with the function, which gets the code
    tree.args.defaults, tree.args.kw_defaults = [], [None] * len(tree.args.kwonlyargs)
    return tree


@cache
def _functions_of(text: str) -> tuple[Tree, ...]:
    kinds = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)
    return tuple(part for part in ast.walk(ast.parse(text)) if isinstance(part, kinds))


def _may_be(tree: Tree, code: CodeType) -> bool:
    """Whether the code may be that of this part of its file."""
    if isinstance(tree, ast.Lambda):
        return code.co_name == "<lambda>" and _holds(tree.body, code.co_positions())
    first = min([tree.lineno, *(decorator.lineno for decorator in tree.decorator_list)])
    return bool(tree.name == code.co_name and first == code.co_firstlineno)


def _holds(body: ast.expr, positions: Iterable[tuple[int | None, ...]]) -> bool:
    """Whether all of the code's instructions come from the text of `body`."""
    begin, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    places = [
        ((line, column), (last, last_column))
        for line, last, column, last_column in positions
        if line and last and column is not None and last_column  # the frame's own have no columns
    ]
    return bool(places) and all(begin <= first and last <= end for first, last in places)


def compiled(tree: Tree, function: Function) -> CodeType | None:
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
    return made.__code__ if made.__code__.co_freevars == function.__code__.co_freevars else None
