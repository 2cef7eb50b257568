"""Reports: which finding decides, and how they read."""

from __future__ import annotations

from autograd.testing.checker import report
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(report)
ok, wrong, kink, edge = Verdict.OK, Verdict.WRONG, Verdict.KINK, Verdict.EDGE


def finding(verdict, analytic=1.0, order=1, **more):
    values = {"name": "x", "index": (0, 1), "output": None, "numeric": 1.0, "error": 0.25}
    values |= {"order": order, "tolerance": 0.5, "analytic": analytic, "verdict": verdict}
    return Finding(**values | more)


def test_findings():
    assert finding(ok).where == "x[0, 1]"
    assert finding(ok, index=()).where == finding(ok, index=None).where == "x"
    for one, explained in (
        (finding(ok, index=None, output=(2,)), ""),
        (finding(wrong, index=None, output=(2, 3)), "along a random direction; output [2, 3]"),
        (finding(wrong, output=()), ""),
        (finding(kink, index=None, slopes=(0.0, 1.0)), "slopes 0 on the left, 1 on the right"),
        (finding(edge, note="said", index=None), "said; along a random direction"),
    ):
        assert one.explained == explained, one


def test_verdicts():
    empty = Report("f", 7, 1e-6)
    assert empty.ok and empty.verdict is ok and str(empty) == "f: ok (rtol 1e-06, seed 7)"
    assert repr(empty) == str(empty) and empty.worst == []
    broken = Report("f", 7, 1e-6, [finding(ok)], ["a <problem>"])
    assert not broken.ok and broken.verdict is wrong
    assert Report("f", 0, 1e-6, [finding(kink)]).ok
    for verdicts, expected in (
        ([ok, kink], kink),
        ([edge, ok], edge),
        ([edge, wrong, kink], wrong),
        ([Verdict.INCONCLUSIVE, edge], edge),
    ):
        mixed = Report("f", 0, 1e-6, [finding(one) for one in verdicts])
        assert mixed.verdict is expected and mixed.ok is (expected is kink)


FOUND = [
    finding(ok, 1.25),
    finding(ok, 0.5),
    finding(ok, 1.125),
    finding(kink, 1.0, 2),
    finding(ok, 9.0, 2),
    finding(ok, 4.0, 4, tolerance=0.0),
    finding(ok, 3.999, 4, tolerance=1.0),
    finding(ok, 2.0, name="y"),
    finding(ok, 3.0, 5, tolerance=10.0),
    finding(ok, 2.0, 5),
]


def test_the_worst_findings():
    worst = [FOUND[1], FOUND[3], FOUND[5], FOUND[7], FOUND[9]]
    assert Report("f", 0, 1e-6, FOUND).worst == worst


def test_tables():
    lines = Report("f", 7, 1e-6, FOUND[:1] + FOUND[3:4] + FOUND[5:6], ["a <problem>"])
    lines.culprit = Culprit("rule", "he & she")
    assert str(lines).split("\n") == [
        "f: wrong (rtol 1e-06, seed 7)",
        "a <problem>",
        "derivative  input    analytic  numeric  tolerance  verdict",
        "first       x[0, 1]  1.25      1 ± 0.2  0.5        ok",
        "second      x[0, 1]  1         1 ± 0.2  0.5        kink",
        "order 4     x[0, 1]  4         1 ± 0.2  0          ok",
        "culprit: he & she",
    ]
    assert Report("f", 7, 1e-6, FOUND[:1])._repr_html_() == (
        '<div style="border-left: 4px solid #2e9e5b; padding: 2px 12px">'
        "<p><b>f: ok (rtol 1e-06, seed 7)</b></p><table><tr><th>derivative</th><th>input</th>"
        "<th>analytic</th><th>numeric</th><th>tolerance</th><th>verdict</th><th></th></tr>"
        "<tr><td>first</td><td>x[0, 1]</td><td>1.25</td><td>1 ± 0.2</td><td>0.5</td>"
        "<td>ok</td><td></td></tr></table></div>"
    )
    html = lines._repr_html_()
    assert "</p><p>a &lt;problem&gt;</p><p>culprit: he &amp; she</p><table>" in html
