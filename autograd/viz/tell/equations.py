"""Equations to be read, as text, LaTeX and HTML."""

from __future__ import annotations

from typing import NamedTuple

from autograd import Symbol
from autograd.viz.text import escape_html

LONG = 90  # characters that fit on a line
LEFT = 'style="text-align:left"'
NAME = 'scope="row" style="text-align:left;white-space:nowrap"'


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

    @property
    def html(self) -> str:
        """A table with a row per equation."""
        rows = [
            f'<tr style="vertical-align:baseline"><th {NAME}>{escape_html(left.text)}</th>'
            f"<td {LEFT}>= "
            + ("<br/>= " if _is_long(sides) else " = ").join(escape_html(s.text) for s in sides)
            + f"</td><td {LEFT}>{escape_html(remark)}</td></tr>"
            for left, sides, remark in self.equations
        ]
        caption = f"<caption>{escape_html(self.title)}</caption>"
        return f"<table>{caption}<tbody>{''.join(rows)}</tbody></table>"

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/plain": self.text,
            "text/html": self.html,
            "text/latex": f"$\\displaystyle {self.latex}$",
        }
