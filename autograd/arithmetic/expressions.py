"""Expressions as people type them: text to graph, through a whitelist and without `eval`."""

import ast
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from autograd.arithmetic.value import Value
from autograd.core.node import Node
from autograd.core.order import toposort
from autograd.core.primitive import TABLE
from autograd.errors import ExpressionError
from autograd.table import elementwise as e
from autograd.table.composites import logaddexp, logsigmoid, sinc, square

OPERATORS: dict[type, Any] = {
    ast.Add: e.add,
    ast.Sub: e.sub,
    ast.Mult: e.mul,
    ast.Div: e.div,
    ast.Pow: e.pow,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: row for name, row in TABLE.items() if row.scalar and not row.params},
    **{f.__name__: f for f in (square, logaddexp, logsigmoid, sinc)},
}


def read(
    text: str, variables: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] = FUNCTIONS
) -> Any:
    """What an expression says, with `variables` for its names: numbers, arrays or nodes.

    Raises:
        ExpressionError: the text does not parse, or names something unknown.

    >>> read("2 * x + sqrt(w[0,1])", {"x": 3.0, "w[0,1]": 4.0})
    8.0
    """
    too_deep = ExpressionError("the expression is nested too deeply; split it up")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (RecursionError, MemoryError):
        raise too_deep from None
    except (SyntaxError, ValueError) as error:
        place = getattr(error, "offset", None)
        at = f"at column {place}" if place else "at its end"
        raise ExpressionError(f"{text!r} is not an expression {at}: {error.args[0]}") from None

    def fail(node: ast.AST, problem: str, remedy: str) -> NoReturn:
        column = getattr(node, "col_offset", 0) + 1
        raise ExpressionError(f"{problem} at column {column} of {text!r}; {remedy}")

    def built(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=bool() | complex() | str() | bytes() | None):
                fail(node, f"{ast.unparse(node)} is no real number", "write one such as 2 or 0.5")
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name() | ast.Subscript() if (
                name := ast.unparse(node).replace(" ", "")
            ) in variables:
                return variables[name]
            case ast.Name(id=name) if name in functions:
                fail(node, f"{name} is a function", f"call it, as in {name}(x)")
            case ast.Name(id=name):
                fail(node, f"the variable {name} has no number", f"add {name}=...")
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                return OPERATORS[type(op)](built(node.left), built(node.right))
            case ast.UnaryOp(op=ast.USub()):
                return e.neg(built(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return built(node.operand)
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in functions:
                arguments = [built(argument) for argument in node.args]
                try:
                    return functions[name](*arguments)
                except (TypeError, ValueError) as error:
                    fail(node, str(error), f"see autograd.{name}")
            case ast.Call(func=ast.Name(id=name)):
                fail(node, f"{name}(...) is no known function", f"use {', '.join(functions)}")
        fail(
            node,
            f"{ast.unparse(node)!r} is not allowed",
            "use numbers, variables, + - * / **, brackets and functions",
        )

    try:
        return built(tree)
    except RecursionError:
        raise too_deep from None
    except OverflowError:
        raise ExpressionError(f"a number in {text!r} is too large; stay below 1e308") from None


def parse(text: str, numbers: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
    """The graph of an expression, and its variables in the order of `numbers`.

    Args:
        text: numbers, variables, `+ - * / **`, brackets, and the table's elementwise functions.
        numbers: a number for each variable.

    Raises:
        ExpressionError: the text does not parse, names something unknown, or a variable has no
            number (or the other way round).

    >>> root, variables = parse("tanh(a*b + c)", {"a": 2, "b": -3, "c": 10})
    >>> root.backward()
    >>> {name: round(v.grad, 6) for name, v in variables.items()}
    {'a': -0.004023, 'b': 0.002682, 'c': 0.001341}
    """
    variables = {name: Value(number, label=name) for name, number in numbers.items()}
    root = read(text, variables)
    used = set(toposort(root)) if isinstance(root, Node) else set()
    unused = [name for name, variable in variables.items() if variable not in used]
    if unused:
        raise ExpressionError(
            f"{', '.join(sorted(unused))} does not occur in {text!r}; leave it out, or use it"
        )
    if not isinstance(root, Node):
        raise ExpressionError(f"{text!r} has no variable to differentiate for; use one, as in x=2")
    assert isinstance(root, Value)
    return root, variables
