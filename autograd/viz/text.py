"""Numbers and nodes as people read them, and labels made safe to show."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from autograd import Node
from autograd.arithmetic.formulas import number
from autograd.core.node import raw
from autograd.core.numbers import Array

Number = float | Array  # of a node, or a gradient

SMALL = 12  # the most elements that an array shows one by one

# What neither XML nor a line of text can hold is shown by a picture of it; so is what would turn
# the direction of the text around it.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {
    ord("\t"): " ",
    ord("\n"): "↵",
    ord("\r"): "↵",
    0x7F: "␡",
    0x85: "↵",
    0x2028: "↵",
    0x2029: "↵",
    0xFFFE: "\ufffd",
    0xFFFF: "\ufffd",
}
_PICTURES |= dict.fromkeys([*range(0x80, 0x85), *range(0x86, 0xA0)], "\ufffd")
_PICTURES |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_PICTURES |= dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")


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
    """A number or an array (or a node's) on one line: arrays with their shape first.

    A single number has six significant digits; a small array shows its numbers, a larger one its
    range and its Euclidean norm.

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


def array_rows(array: Array) -> list[str]:
    """The same on several short lines: a small matrix row by row, a vector four to a line.

    >>> array_rows(np.array([[1.0, -2.0], [0.5, 3.0]]))
    ['1  −2', '0.5  3']
    """
    if array.size > SMALL:
        return range_and_norm(array)
    if array.ndim == 2 and 1 < array.shape[1] < array.size:
        rows = list(array)
    elif 0 < array.size == max(array.shape):
        numbers = array.reshape(-1)
        rows = [numbers[i : i + 4] for i in range(0, numbers.size, 4)]
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
    texts = [
        f"in {array_text(low)} … {array_text(high)}" if low < high else f"all {array_text(low)}",
        f"norm {array_text(norm)}",
    ]
    if finite.size < array.size:
        texts.append(f"{array.size - finite.size} not finite")
    return texts


def operation_text(node: Node) -> str:
    """The operation that made a node as a picture shows it; nothing for a leaf.

    >>> from autograd import Tensor
    >>> operation_text(Tensor([[1.0, 2.0]]).sum(axis=0))
    'Σ axis 0'
    >>> operation_text(Tensor([1.0, 2.0, 3.0])[1:]), operation_text(Tensor([[1.0, 2.0]])[..., 0])
    ('[1:]', '[…, 0]')
    """
    if node.op is None:
        return ""
    shown = [node.op.symbol]
    for name, value in node.params.items():
        if name == "index":
            shown = [f"[{', '.join(map(_index_text, value))}]"]
        elif value is not None and name not in ("shape", "keepdims"):
            shown.append(f"{name} {_parameter_text(value)}")
    return " ".join(shown)


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
