"""`python -m autograd`: walk through backprop on the lecture's example, or on an expression."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from autograd import lesson, walk
from autograd.expression import ExpressionError, parse
from autograd.formula import number
from autograd.graph import hessian
from autograd.value import Value
from autograd.viz import terminal

EPILOG = """examples:
  python -m autograd
  python -m autograd "tanh(a*b + c)" a=2 b=-3 c=10
  python -m autograd "x**3" x=2 --order 2 --json
  python -m autograd step "tanh(a*b + c)" a=2 b=-3 c=10
"""


class OneLineParser(argparse.ArgumentParser):
    """Errors in one line, with the remedy instead of the usage."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: {message}\n")


def number_of(assignment: str) -> tuple[str, float]:
    name, equals, text = assignment.partition("=")
    if not equals or not name.isidentifier():
        raise ExpressionError(f"{assignment!r} gives no variable a number; write it as name=number")
    try:
        return name, float(text)
    except ValueError:
        raise ExpressionError(
            f"{assignment!r}: {text!r} is not a number; write it as {name}=2"
        ) from None


def numbers_of(assignments: list[str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, given in map(number_of, assignments):
        if name in numbers:
            raise ExpressionError(f"{name} is given twice; give each variable one number")
        numbers[name] = given
    return numbers


def report(root: Value, leaves: dict[str, Value], order: int) -> dict[str, Any]:
    """All there is to say of a graph of Values, as plain data."""
    named = walk.names(root)
    root.backward()
    found: dict[str, Any] = {
        "forward": [line._asdict() for line in walk.forward(root, named)],
        "backward": [
            {"node": name, "gradient": gradient, "sent": [line._asdict() for line in sent]}
            for name, gradient, sent in walk.backward(root, named)
        ],
        "output": {"name": named[root], "value": root.data},
        "gradients": {name: leaf.grad for name, leaf in leaves.items()},
        "differences": dict(
            zip(leaves, walk.differences(root, list(leaves.values())), strict=True)
        ),
    }
    if order == 2:
        rows = hessian(root, list(leaves.values()))
        found["second"] = {
            name: dict(zip(leaves, row, strict=True))
            for name, row in zip(leaves, rows, strict=True)
        }
    return found


def print_report(found: dict[str, Any]) -> None:
    top = found["output"]["name"]
    print("Forward: every operation, in order\n")
    print_lines([(x["name"], x["symbols"], x["numbers"], x["result"]) for x in found["forward"]])
    print(f"\nBackward: from ∂{top}/∂{top} = 1 down to the leaves")
    for step in found["backward"]:
        if step["sent"]:
            gradient = number(step["gradient"]).text
            print(f"\n  ∂{top}/∂{step['node']} = {gradient}, sent on by its local rules:")
            print_lines(
                [
                    (f"  to {x['name']}", x["symbols"], x["numbers"], x["result"])
                    for x in step["sent"]
                ]
            )
    print("\nGradients, and the same by finite differences\n")
    for name, gradient in found["gradients"].items():
        measured = found["differences"][name]
        print(f"  ∂{top}/∂{name} = {gradient:>12.6f}   measured {measured:>12.6f}")
    for name, row in found.get("second", {}).items():
        line = "   ".join(f"∂²{top}/∂{name}∂{other} = {number(x).text}" for other, x in row.items())
        print(f"  {line}")


def print_lines(lines: list[tuple[str, str, str, float]]) -> None:
    """Name, symbols, numbers and result of each line, in columns."""
    cells = [line[:3] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for name, symbols, numbers, value in lines:
        result = number(value).text
        text = f"{name:<{widths[0]}} = {symbols:<{widths[1]}}"
        if numbers != result:
            text += f" = {numbers:<{widths[2]}}"
        print(f"  {text} = {result}")


def run_lesson(order: int, as_json: bool) -> None:
    weights = {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}
    parts = lesson.error(weights)
    found = report(parts["E"], weights, order)
    updated = lesson.updated(weights)
    again = lesson.error(updated)
    found["values"] = {name: part.data for name, part in parts.items()}
    found["updated"] = {name: w.data for name, w in updated.items()}
    found["second_values"] = {name: part.data for name, part in again.items()}
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print("The lecture's worked example: x1, x2 = 0.35, 0.9, sigmoid neurons, E = ½ (y − 0.5)²\n")
    print_report(found)
    print("\nThe forward pass in short, before and after one step w ← w − η ∂E/∂w with η = 1\n")
    for name, part in parts.items():
        print(f"  {name} = {part.data:.6f}   then {again[name].data:.6f}")
    print()
    for name, weight in weights.items():
        print(f"  {name} = {weight.data:.6f} − {weight.grad:.6f} = {updated[name].data:.6f}")


def main(arguments: list[str] | None = None) -> None:
    parser = OneLineParser(
        prog="python -m autograd",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "expression",
        nargs="?",
        help="such as 'tanh(a*b + c)'; after the word step, it is walked through key by key",
    )
    parser.add_argument("numbers", nargs="*", metavar="name=number", help="one for each variable")
    parser.add_argument(
        "--order", type=int, choices=(1, 2), default=1, help="2: second derivatives"
    )
    parser.add_argument("--json", action="store_true", help="print machine-readable output")
    arguments = sys.argv[1:] if arguments is None else arguments
    stepping = arguments[:1] == ["step"]
    given = parser.parse_intermixed_args(arguments[1:] if stepping else arguments)
    if stepping and (given.json or given.order == 2):
        parser.error("step takes an expression and its numbers alone; leave out --json and --order")
    if given.expression is None:
        if stepping:
            weights = {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}
            terminal.run(lesson.error(weights)["E"])
        else:
            run_lesson(given.order, given.json)
        return
    try:
        root, variables = parse(given.expression, numbers_of(given.numbers))
    except ExpressionError as error:
        parser.error(str(error))
    if root.op is not None and "f" not in variables:
        root.label = "f"
    if stepping:
        terminal.run(root)
        return
    found = report(root, variables, given.order)
    if given.json:
        print(json.dumps({"expression": given.expression, **found}, indent=2, ensure_ascii=False))
    else:
        print_report(found)


if __name__ == "__main__":
    main(sys.argv[1:])
