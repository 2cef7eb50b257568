"""`python -m autograd`: walk through backprop on the lecture's example, or on an expression."""

import argparse
import json
import sys
import textwrap
import warnings
from typing import Any

import numpy as np

from autograd.arithmetic import lecture as lesson
from autograd.arithmetic.expressions import parse
from autograd.arithmetic.formulas import number
from autograd.arithmetic.value import Value
from autograd.core.derivatives import hessian
from autograd.core.order import toposort
from autograd.core.walk import recompute, steps
from autograd.errors import ExpressionError
from autograd.testing.checker.numeric import sides, surest_slope
from autograd.viz import lines
from autograd.viz.walk import terminal

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


def read_number(assignment: str) -> tuple[str, float]:
    name, equals, text = assignment.partition("=")
    if not equals or not name.isidentifier():
        raise ExpressionError(f"{assignment!r} gives no variable a number; write it as name=number")
    try:
        return name, float(text)
    except ValueError:
        raise ExpressionError(
            f"{assignment!r}: {text!r} is not a number; write it as {name}=2"
        ) from None


def read_numbers(assignments: list[str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, given in map(read_number, assignments):
        if name in numbers:
            raise ExpressionError(f"{name} is given twice; give each variable one number")
        numbers[name] = given
    return numbers


def measured(root: Value, leaf: Value) -> list[float]:
    """The derivative of `root` for `leaf` by finite differences; at a kink on both sides of it."""
    at, scale = leaf.data, abs(leaf.data) or 1.0  # a relative step stays on its side of 0

    def moved(t: np.ndarray) -> np.ndarray:
        return recompute(root, {leaf: at + scale * t})

    found = surest_slope(moved, 0.0, lambda slope: slope.error <= 1e-9 * slope.change)
    slopes = [found] if found.error <= 1e-6 * found.change else sides(moved, 0.0)
    return [slope.value / scale for slope in slopes]


def report(root: Value, leaves: dict[str, Value], order: int) -> dict[str, Any]:
    """All there is to say of a graph of Values, as plain data."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = derivatives(root, leaves)
        if order == 2:
            rows = hessian(root, list(leaves.values()))
            found["second"] = {
                name: dict(zip(leaves, row, strict=True))
                for name, row in zip(leaves, rows, strict=True)
            }
    return found | {"warnings": list(dict.fromkeys(str(w.message) for w in heard))}


def derivatives(root: Value, leaves: dict[str, Value]) -> dict[str, Any]:
    """Both passes, and the gradients beside what is measured."""
    nodes = toposort(root)
    named = lines.names(nodes)
    root.backward()
    return {
        "output": {"name": named[root], "value": root.data},
        "forward": [plain(lines.forward_line(node, named)) for node in nodes if node.op],
        "backward": [
            {
                "name": named[step.node],
                "gradient": step.gradient,
                "sent": [plain(line) for line in lines.backward_lines(step, named, named[root])],
            }
            for step in steps(root)
        ],
        "gradients": {name: leaf.grad for name, leaf in leaves.items()},
        "differences": {name: measured(root, leaf) for name, leaf in leaves.items()},
    }


def plain(line: lines.Line) -> dict[str, Any]:
    return {key: value for key, value in line._asdict().items() if key != "node"}


def print_report(found: dict[str, Any]) -> None:
    top = found["output"]["name"]
    print("Forward: every operation, in order\n")
    print_lines(found["forward"], "  ", "=")
    print(f"\nBackward: from ∂{top}/∂{top} = 1 down to the leaves")
    for step in found["backward"]:
        if step["sent"]:
            gradient = number(step["gradient"]).text
            print(f"\n  ∂{top}/∂{step['name']} = {gradient}, which its local rules send on:")
            print_lines(step["sent"], "    ", "+=")
    print("\nGradients, and the same by finite differences\n")
    for name, gradient in found["gradients"].items():
        slopes = " on the left, and on the right ".join(
            f"{slope:z.6f}" for slope in found["differences"][name]
        )
        print(f"  ∂{top}/∂{name} = {gradient:z12.6f}   measured {slopes}")
    for name, row in found.get("second", {}).items():
        line = "   ".join(f"∂²{top}/∂{name}∂{other} = {number(x).text}" for other, x in row.items())
        print(f"  {line}")
    for told in found["warnings"]:
        print(textwrap.fill(told, 90, initial_indent="\n  ", subsequent_indent="  "))


def print_lines(told: list[dict[str, Any]], margin: str, sign: str) -> None:
    """Name, symbols, numbers and result of each line, in columns."""
    columns = ("name", "symbols", "numbers")
    widths = {key: max((len(line[key]) for line in told), default=0) for key in columns}
    for line in told:
        result = number(line["result"]).text
        text = f"{line['name']:<{widths['name']}} {sign} {line['symbols']:<{widths['symbols']}}"
        if line["numbers"] != result:
            text += f" = {line['numbers']:<{widths['numbers']}}"
        print(f"{margin}{text} = {result}")


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
        root, variables = parse(given.expression, read_numbers(given.numbers))
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
