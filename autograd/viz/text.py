"""Numbers, nodes and equations as people read them, and labels made safe to show."""

import html
import math
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Symbol, pow, reshape
from autograd.arithmetic.formulas import number
from autograd.core.node import raw
from autograd.core.numbers import Array

Number = float | Array  # of a node, or a gradient

SMALL = 12  # the most elements that an array shows one by one
LONG = 90  # characters that fit on a line

# What neither XML nor a line of text can hold is shown by a picture of it; so is what would turn
# the direction of the text around it.
_PICTURES = {code: chr(0x2400 + code) for code in range(32)} | {ord("\t"): " ", 0x7F: "␡"}
_PICTURES |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], "\ufffd")
_PICTURES |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_PICTURES |= dict.fromkeys([0xFFFE, 0xFFFF], "\ufffd")
_PICTURES |= dict.fromkeys([ord("\n"), ord("\r"), 0x85, 0x2028, 0x2029], "↵")


def one_line(text: str, width: int | None = None) -> str:
    """`text` on one line of visible characters, cut to `width` of them.

    >>> one_line("two\\nlines"), one_line("a rather long label", 10)
    ('two↵lines', 'a rather …')
    """
    text = text.translate(_PICTURES)
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def escape_html(text: str, width: int | None = None) -> str:
    """`text` as it stands in HTML, SVG and the HTML-like labels of DOT.

    >>> escape_html("</script>")
    '&lt;/script&gt;'
    """
    return html.escape(one_line(text, width))


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as people write it.

    >>> shape_text((3, 4)), shape_text(())
    ('3×4', 'scalar')
    """
    return "×".join(map(str, shape)) or "scalar"


def number_text(x: Number | Node) -> str:
    """A number (six digits) or an array (after its shape), or a node's, on one line.

    >>> number_text(-1 / 3), number_text(np.ones((2, 2)))
    ('−0.333333', '2×2 [[1, 1], [1, 1]]')
    >>> number_text(np.arange(100.0))
    '100 in 0 … 99, norm 573'
    """
    array = np.asarray(raw(x))
    if array.ndim == 0:
        return number(float(array)).text
    return f"{shape_text(array.shape)} {array_text(array)}"


def array_text(array: Array) -> str:
    """The numbers of an array on one line where it is small, else its range and norm."""
    if array.size == 0:
        return "empty"
    if array.size > SMALL:
        return ", ".join(range_and_norm(array))
    if array.ndim == 0:
        return f"{array:.4g}".replace("-", "−")
    return f"[{', '.join(map(array_text, array))}]"


def number_rows(x: Number) -> list[str]:
    """The same on several short lines: a small matrix row by row, a vector four to a line.

    >>> number_rows(np.array([[1.0, -2.0], [0.5, 3.0]]))
    ['1  −2', '0.5  3']
    """
    array = np.asarray(x)
    if array.ndim == 0:
        return [number_text(x)]
    if array.size > SMALL:
        return range_and_norm(array)
    if array.ndim == 2 and 1 < array.shape[1] < array.size:
        rows = list(array)
    elif 0 < array.size == max(array.shape):
        rows = [array.ravel()[i : i + 4] for i in range(0, array.size, 4)]
    else:
        return [array_text(array)]
    return ["  ".join(map(array_text, row)) for row in rows]


def range_and_norm(array: Array) -> list[str]:
    """Between what the finite numbers lie, the norm of all, and how many are not finite."""
    finite = array[np.isfinite(array)].astype(float)
    if not finite.size:
        return ["nothing finite" if array.size else "empty"]
    largest = np.abs(finite).max() or 1.0  # scaled by it the squares can't overflow
    low, high = map(np.asarray, (finite.min(), finite.max()))
    norm = np.asarray(largest * np.linalg.norm(finite / largest))
    extent = (
        f"in {array_text(low)} … {array_text(high)}" if low < high else f"all {array_text(low)}"
    )
    others = [f"{array.size - finite.size} not finite"] if finite.size < array.size else []
    return [extent, f"norm {array_text(norm)}", *others]


def operation_text(node: Node) -> str:
    """The operation that made a node as a picture shows it; nothing for a leaf.

    >>> from autograd import Tensor
    >>> operation_text(Tensor([[1.0, 2.0]]).sum(axis=0))
    'Σ axis 0'
    >>> operation_text(Tensor([1.0, 2.0, 3.0])[1:]), operation_text(Tensor([[1.0, 2.0]])[..., 0])
    ('[1:]', '[…, 0]')
    >>> operation_text(Tensor([1.0, 2.0, 3.0])[[0, 2]])
    '[[0, 2]]'
    >>> operation_text(Tensor([1.0]) ** 2.0), operation_text(Tensor([1.0]) ** -0.5)
    ('x²', 'x^−0.5')
    >>> operation_text(Tensor([[1.0, 2.0]]).reshape(2))
    'reshape 1×2 → 2'
    >>> from autograd import take, windows
    >>> operation_text(windows(Tensor(np.ones((5, 5))), (3, 3)))
    'windows 3×3'
    >>> operation_text(take(Tensor(np.ones((5, 2))), (np.arange(5), np.zeros(5, int))))
    'pick'
    """
    if node.op is None:
        return ""
    if in_sign(node, 1):
        return f"x{superscript(node.operands[1])}"
    if node.op is reshape:
        return f"reshape {shape_text(np.shape(raw(node.operands[0])))} → {shape_text(node.shape)}"
    shown = [node.op.symbol]
    for name, value in node.params.items():
        if name == "index":
            arrays = [x for x in value if isinstance(x, np.ndarray)]
            picks = len(arrays) > 1 and max(x.size for x in arrays) > 4
            shown = ["pick"] if picks else [f"[{', '.join(map(_index_text, value))}]"]
        elif name == "size":
            shown.append(shape_text(value))
        elif name in ("stride", "dilation") and set(np.ravel(value)) == {1}:
            continue  # as everybody takes them to be
        elif value is not None and name not in ("shape", "keepdims"):
            shown.append(f"{name} {_parameter_text(value)}")
    return " ".join(shown)


def in_sign(node: Node, operand: int) -> bool:
    """Whether an operand is a constant that the sign of the operation says: an exponent."""
    return node.op is pow and operand == 1 and type(node.operands[1]) is float


def superscript(exponent: float) -> str:
    """An exponent, raised where it is a whole number.

    >>> superscript(3.0), superscript(-1.0), superscript(0.5)
    ('³', '⁻¹', '^0.5')
    """
    text = number(exponent).text
    whole = exponent == int(exponent) and len(text) <= 3 if math.isfinite(exponent) else False
    return text.translate(_RAISED) if whole else f"^{text}"


_RAISED = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _index_text(item: Any) -> str:
    if isinstance(item, slice):
        ends = ["" if end is None else str(end) for end in (item.start, item.stop)]
        return ":".join(ends if item.step is None else [*ends, str(item.step)])
    if isinstance(item, np.ndarray):
        return f"{shape_text(item.shape)} indices" if item.size > 4 else str(item.tolist())
    return "…" if item is Ellipsis else str(item)


def _parameter_text(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    return number(value).text if isinstance(value, float) else str(value)


def node_title(node: Node) -> str:
    """What a node is called: its label, else its operation, else what it is.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> node_title(a), node_title(a * a), node_title(Value(1.0))
    ('a', '×', 'Value')
    """
    return one_line(node.label or "") or operation_text(node) or type(node).__name__


# --- equations --------------------------------------------------------------------------------


class Equation(NamedTuple):
    """`left` = `sides[0]` = `sides[1]` = ..., with a remark."""

    left: Symbol
    sides: tuple[Symbol, ...]
    remark: str = ""


def equation(left: Symbol, *sides: Symbol, remark: str = "") -> Equation:
    """An equation in which no two sides read alike: the last of them stays."""
    by_text = {side.text: side for side in reversed(sides)}
    return Equation(left, tuple(reversed(by_text.values())), remark)


def _is_long(sides: tuple[Symbol, ...]) -> bool:
    return sum(len(side.text) + 3 for side in sides) > LONG


class Equations:
    """What is explained in equations; notebooks show it as mathematics, terminals as text."""

    title: str
    equations: tuple[Equation, ...]

    @property
    def text(self) -> str:
        """The title and a line per equation; each side of a long one has a line of its own."""
        width = max((len(e.left.text) for e in self.equations), default=0)
        lines = [self.title]
        for left, sides, remark in self.equations:
            between = f"\n{' ' * (width + 2)} = " if _is_long(sides) else " = "
            line = f"  {left.text:<{width}} = " + between.join(side.text for side in sides)
            lines.append(line + (f"   ({remark})" if remark else ""))
        return "\n".join(lines)

    @property
    def latex(self) -> str:
        """The equations, aligned at their first equals sign."""
        rows = [
            f"{left.latex} &= "
            + (" \\\\\n&= " if _is_long(sides) else " = ").join(side.latex for side in sides)
            for left, sides, _ in self.equations
        ]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # no HTML, which JupyterLab would show instead of the mathematics
        return {"text/plain": self.text, "text/latex": f"$\\displaystyle {self.latex}$"}
