"""What a check found: a table of verdicts, and who is to blame."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from autograd import Node
from autograd.testing.checker.numeric import Verdict


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

    @property
    def ok(self) -> bool:
        return not self.problems and all(finding.verdict.passes for finding in self.findings)

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
        return f"{self.name}: {self.verdict} (rtol {self.rtol:g}, seed {self.seed})"

    def __str__(self) -> str:
        rows = [HEADINGS, *self.rows] if self.findings else []
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [[cell.ljust(n) for cell, n in zip(row, widths, strict=True)] for row in rows]
        table = ["  ".join(cells).rstrip() for cells in lines]
        blame = [f"culprit: {self.culprit.message}"] if self.culprit else []
        return "\n".join([self.summary, *self.problems, *table, *blame])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        table = row(HEADINGS, "th") + "".join(row(cells, "td") for cells in self.rows)
        blame = [f"culprit: {self.culprit.message}"] if self.culprit else []
        lines = "".join(f"<p>{escape(line)}</p>" for line in [*self.problems, *blame])
        return f"<p><b>{escape(self.summary)}</b></p>{lines}<table>{table}</table>"


HEADINGS = ("derivative", "input", "analytic", "numeric", "tolerance", "verdict", "")
ORDERS = {1: "first", 2: "second", 3: "third"}
