"""What a check found: a table of verdicts, and who is to blame."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from autograd import Node
from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.numeric import Verdict

__tracebackhide__ = True  # of a failed check pytest shows the test, and the report


class Extent(NamedTuple):
    """How many of the entries that were looked at are wrong, and whether by a common factor."""

    wrong: int
    entries: int
    factor: float | None

    def __str__(self) -> str:
        by = "" if self.factor is None else f", {self.factor:.6g} times the numeric derivative"
        return f"wrong in {self.wrong} of {self.entries} entries{by}"


@dataclass(frozen=True)
class Finding:
    """One comparison of an analytic with a numeric derivative, both for the random cotangent.

    With an `index` it is the derivative for that entry (and with an `output`, of that element);
    without one, the derivative along a random direction.
    """

    order: int
    name: str  # of the input
    index: tuple[int, ...] | None  # of the one entry that was moved; None: several together
    output: tuple[int, ...] | None  # of the one element that was weighted; None: several together
    analytic: float
    numeric: float
    error: float  # of `numeric`, estimated
    tolerance: float
    verdict: Verdict
    slopes: tuple[float, ...] = ()  # on the left and on the right, where they differ
    note: str = ""
    scale: float = 1.0  # the step and the weight by which the numbers were divided
    direction: Array | None = field(default=None, repr=False, compare=False)
    extent: Extent | None = None  # how much of the input is wrong

    @property
    def where(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name

    @property
    def explained(self) -> str:
        """What the numbers do not say."""
        parts = [self.note] if self.note else []
        if self.slopes:
            parts.append("slopes {:.6g} on the left, {:.6g} on the right".format(*self.slopes))
        if self.index is None and not self.verdict.passes:
            parts.append("along a random direction")
        if self.extent:
            parts.append(str(self.extent))
        if self.output and not self.verdict.passes:
            parts.append(f"output [{', '.join(map(str, self.output))}]")
        return "; ".join(parts)


class Culprit(NamedTuple):
    """Who is to blame: a `rule`, the `engine`, a `kink`, an `escape` from the graph, or nobody."""

    kind: str
    message: str
    node: Node[Any] | None = None
    operand: int | None = None


@dataclass
class Report:
    """The result of `examine`: prints as a table, in notebooks too."""

    name: str
    seed: int
    rtol: float
    findings: list[Finding] = field(default_factory=list)  # every comparison made
    problems: list[str] = field(default_factory=list)  # what went wrong besides, a sentence each
    culprit: Culprit | None = None  # the first node whose own rule is wrong; it can be drawn
    atol: float = 0.0
    order: int = 1  # how many times it was to be differentiated
    level: int = 1  # and at which of them something was wrong
    cause: Exception | None = None  # what the function raised
    heading: str = ""  # what is the matter, where it is not a gradient

    @property
    def ok(self) -> bool:
        return not self.problems and all(finding.verdict.passes for finding in self.findings)

    def require(self) -> None:
        """
        Within a test of Hypothesis's, an example of which nothing can be said is rejected instead.

        Raises:
            GradientError: not all is well; with this report.
            Exception: what the function itself raised.
        """
        if self.cause is not None:
            raise self.cause
        unsure = self.verdict in (Verdict.INCONCLUSIVE, Verdict.EDGE)
        hypothesis = sys.modules.get("hypothesis")
        if unsure and hypothesis is not None and hypothesis.currently_in_test_context():
            hypothesis.reject()
        if not self.ok:
            raise GradientError(str(self), self)

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        if self.problems:
            return Verdict.WRONG
        found = [finding.verdict for finding in self.findings]
        return max(found, key=list(Verdict).index, default=Verdict.OK)

    @property
    def worst(self) -> list[Finding]:
        """The worst finding of every input and order."""

        def badness(finding: Finding) -> tuple[int, float]:
            apart = abs(finding.analytic - finding.numeric)
            return list(Verdict).index(finding.verdict), apart / (finding.tolerance or 1.0)

        worst: dict[tuple[int, str], Finding] = {}
        for finding in self.findings:
            key = finding.order, finding.name
            worst[key] = max(worst.get(key, finding), finding, key=badness)
        return list(worst.values())

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                ORDERS.get(f.order, f"order {f.order}"),
                f.where,
                f"{f.analytic:.10g}",
                f"{f.numeric:.10g} ± {f.error:.1g}",
                f"{f.tolerance:.1g}",
                f.verdict,
                f.explained,
            )
            for f in self.worst
        ]

    @property
    def summary(self) -> str:
        heading = self.heading or self.verdict
        return f"{self.name}: {heading} (rtol {self.rtol:g}, seed {self.seed})"

    @property
    def remarks(self) -> list[str]:
        """Who is to blame, and what else can be asked for."""
        found = [f"culprit: {self.culprit.message}"] if self.culprit else []
        if self.level > 1 and not self.ok:
            found.append("first derivatives are right; order=1 asks for no others")
        return found

    def __str__(self) -> str:
        rows = [HEADINGS, *self.rows] if self.findings else []
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [[cell.ljust(n) for cell, n in zip(row, widths, strict=True)] for row in rows]
        table = ["  ".join(cells).rstrip() for cells in lines]
        return "\n".join([self.summary, *self.problems, *table, *self.remarks])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        table = row(HEADINGS, "th") + "".join(row(cells, "td") for cells in self.rows)
        lines = "".join(f"<p>{escape(line)}</p>" for line in [*self.problems, *self.remarks])
        summary = f"<p><b>{escape(self.summary)}</b></p>"
        colour = "#2e9e5b" if self.ok else "#d98e04"
        style = f"border-left: 4px solid {colour}; padding: 2px 12px"
        return f'<div style="{style}">{summary}{lines}<table>{table}</table></div>'


HEADINGS = ("derivative", "input", "analytic", "numeric", "tolerance", "verdict", "")
ORDERS = {1: "first", 2: "second", 3: "third"}


def written_at(rule: object) -> str:
    """Where a rule of one's own stands: file and line."""
    code = getattr(rule, "__code__", None)
    return f" ({Path(code.co_filename).name}:{code.co_firstlineno})" if code else ""
