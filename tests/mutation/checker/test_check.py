"""`check_grads` and `examine`: what is asked in which order, and when they stop."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from autograd import Tensor, Value
from autograd.errors import GradientError
from autograd.testing.checker import check
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.checker.subject import BackwardError, Gradient
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(check)
CULPRIT = Culprit("engine", "somebody")


def a_finding(level, name, verdict=Verdict.OK):
    return Finding(level, name, None, None, 1.0, 1.0, 0.0, 0.0, verdict)


class Script:
    """What `examine` asks for, in a list of words; it is told that all is well, but for `trouble`.

    `trouble` holds what happens at some of these words: an error to raise, the problems to report,
    or a verdict.
    """

    def __init__(self, **trouble):
        self.trouble, self.asked = trouble, []
        self.cotangents, self.rngs = [], []

    def ask(self, word, subject=None):
        if subject is not None and subject.numbers["inputs[0]"] != 2.0:
            word += "_nearby"
        if isinstance(subject, Gradient):
            word += "_of_gradient"
        self.asked.append(word)
        assert len(self.asked) < 50, "this does not end"
        told = self.trouble.get(word.replace(" ", "_"), [])
        if isinstance(told, Exception):
            raise told
        return told

    def promises(self, subject, call, cotangent):
        self.cotangents.append(cotangent)
        assert call.output.shape == np.shape(cotangent)
        return self.ask("promises", subject)

    def symmetries(self, subject, call, rng):
        yield from self.ask("symmetries", subject)

    def probe(self, subject, call, cotangent, level, rtol):
        assert cotangent is self.cotangents[-1] and rtol == 1e-5

        def findings(name, budget, rng):
            assert rng is not None
            verdict = self.ask(f"{name} {level} {budget}", subject) or Verdict.OK
            return [a_finding(level, name, verdict)]

        return SimpleNamespace(findings=findings)

    def locate(self, subject, call, cotangent, report):
        assert cotangent is self.cotangents[-1] and not report.ok
        assert (report.name, report.seed, report.rtol) == ("square", 3, 1e-5)
        self.ask("culprit", subject)
        return CULPRIT

    @contextmanager
    def kept(self, *holders):
        assert holders == (square, [])
        self.ask("keep")
        yield
        self.ask("put back")

    def compare_float32(self, function, rng, report):
        assert function.name == report.name and rng is not None
        report.problems += self.ask("float32")

    def examined(self, *inputs, order=1):
        with ExitStack() as stack:
            for name, stand_in in {
                "broken_promises": self.promises,
                "broken_symmetries": self.symmetries,
                "Probe": self.probe,
                "locate": self.locate,
                "restoring": self.kept,
                "_compare_float32": self.compare_float32,
            }.items():
                stack.enter_context(patch.object(check, name, stand_in))
            return check.examine(
                square, *inputs, order=order, budget=20, rtol=1e-5, seed=3, params=[]
            )


def square(x, *more):
    return x * x


NEARBY = ["promises_nearby", "inputs[0] 1 2_nearby"]
FIRST = ["keep", "promises", "inputs[0] 1 20", *NEARBY]
SECOND = ["promises_of_gradient", "symmetries_of_gradient"]
SECOND += ["inputs[0] 2 5_of_gradient", "cotangent 2 5_of_gradient"]


def test_orders():
    """One order after the other, with smaller budgets, a point near by, and float32 at the end."""
    x = Value(2.0)
    script = Script()
    report = script.examined(x)
    assert script.asked == [*FIRST[:3], "put back"] and report.ok
    assert [f.name for f in report.findings] == ["inputs[0]"]
    assert script.cotangents == [np.random.default_rng([3, *b"check"]).normal()]
    script = Script()
    report = script.examined(x, order=2)
    assert script.asked == [*FIRST, *SECOND, "put back"] and report.ok and not report.problems
    assert [f.order for f in report.findings] == [1, 2, 2]
    script = Script()
    script.examined(x, order=3)
    third = [word.replace("2 5", "3 2") for word in SECOND]
    third.append("cotangent′ 3 2_of_gradient")
    assert script.asked == [*FIRST, *SECOND, *third, "put back"]
    for narrow, asked in (([np.float32(1.0)], ["float32"]), ([1.0], [])):
        script = Script(float32=["too far"])
        report = script.examined(x, Tensor(np.array(narrow)))
        assert script.asked == [*FIRST[:3], "inputs[1] 1 20", *asked, "put back"]
        assert report.problems == ["too far"] * len(asked)


def test_stops():
    """After the first thing that is wrong nothing is asked, but who is to blame."""
    x = Tensor(np.array(2.0, np.float32))
    wrong, lost = Verdict.WRONG, BackwardError("no way back")
    for trouble, asked, problems, findings in (
        ({"promises": ["a"]}, [*FIRST[:2], "culprit"], ["a"], 0),
        ({"promises": lost}, [*FIRST[:2], "culprit"], ["no way back"], 0),
        ({"inputs[0]_1_20": wrong}, [*FIRST[:3], "culprit"], [], 1),
        ({"inputs[0]_1_20": lost}, [*FIRST[:3], "culprit"], ["no way back"], 0),
        ({"promises_nearby": ["b"]}, [*FIRST[:4], "culprit_nearby"], ["b"], 1),
        ({"inputs[0]_1_2_nearby": wrong}, [*FIRST, "culprit_nearby"], [], 2),
        ({"promises_nearby": ValueError()}, [*FIRST[:4], *SECOND, "float32"], [], 3),
        ({"promises_nearby": ZeroDivisionError()}, [*FIRST[:4], *SECOND, "float32"], [], 3),
        (
            {"inputs[0]_1_2_nearby": Verdict.INCONCLUSIVE},
            [*FIRST, "culprit_nearby", *SECOND, "float32"],
            [],
            3,
        ),
        ({"promises_of_gradient": ["c"]}, [*FIRST, SECOND[0], "culprit_of_gradient"], ["c"], 1),
        (
            {"promises_of_gradient": lost},
            [*FIRST, SECOND[0], "culprit_of_gradient"],
            [str(lost)],
            1,
        ),
        (
            {"symmetries_of_gradient": ["d", "e"]},
            [*FIRST, *SECOND[:2], "culprit_of_gradient"],
            ["d", "e"],
            1,
        ),
        (
            {"inputs[0]_2_5_of_gradient": wrong},
            [*FIRST, *SECOND, "culprit_of_gradient"],
            [],
            3,
        ),
        (
            {"culprit": GradientError("no"), "promises": ["a"]},
            [*FIRST[:2], "culprit"],
            ["a", "no"],
            0,
        ),
    ):
        script = Script(**trouble)
        report = script.examined(x, order=2)
        assert script.asked == [*asked, "put back"][: len(asked) + ("culprit" not in trouble)], (
            trouble
        )
        assert report.problems == problems and len(report.findings) == findings, trouble
        assert all(type(problem) is str for problem in report.problems)
        assert (report.culprit is CULPRIT) == (not report.ok and "culprit" not in trouble), trouble
        near = [f.note for f in report.findings if f.note]
        assert near == ["at a point near by"] * (trouble == {"inputs[0]_1_2_nearby": wrong})


def test_refusals():
    """`check_grads` raises what `examine` finds wrong, with the report, and passes all on."""
    more = {"order": 3, "rtol": 0.5, "params": [], "seed": 7, "budget": 9}
    for problems in ([], ["a"]):
        report = Report("f", 3, 1e-5, problems=problems)
        raised = None
        with patch.object(check, "examine", return_value=report) as asked:
            try:
                check.check_grads(square, 1.0, 2.0, **more)
            except GradientError as error:
                raised = error
        asked.assert_called_once_with(square, 1.0, 2.0, **more)
        assert (raised is not None) == bool(problems)
        assert raised is None or (raised.report is report and str(raised) == str(report))


def test_cotangents():
    """A weight for every element, of the output's own type."""
    for output in (Value(2.0), Tensor(np.ones((2, 3)))):
        call = SimpleNamespace(output=output)
        found = check.random_cotangent(call, np.random.default_rng(5))
        assert type(found) is type(output.raw)
        assert np.array_equal(found, np.random.default_rng(5).normal(size=output.shape))


class Cast:
    """A function with the gradients given: one in float64, and one at its original numbers."""

    def __init__(self, exact, found):
        self.gradients, self.original = [exact, found], {"x": "original"}
        self.seeds = []

    @contextmanager
    def at(self, moved):
        gradient = self.gradients[moved == self.original]
        dtype = np.float32 if moved else np.float64

        def gradients(seed):
            self.seeds.append(seed)
            return {"x": gradient}

        yield SimpleNamespace(output=Tensor(np.ones(2, dtype)), gradients=gradients)


def test_float32():
    """The float32 gradient may be 1e-4 off, and a tenth of that of the largest entry."""
    exact = np.array([2.0, 0.0, -4.0])
    for k, allowed in enumerate((2.4e-4, 0.4e-4, 4.4e-4)):
        for part, right in ((0.9995, True), (-0.9995, True), (1.0005, False), (-1.0005, False)):
            found = exact.copy()
            found[k] += part * allowed
            assert bool(off(exact, found)) != right, (k, part)
    assert not off(np.zeros(2), np.zeros(2)) and not off(np.zeros(0), np.zeros(0))
    assert not off(3.0, 3.0003) and off(3.0, 3.0004)
    assert off(np.array([0.5, 0.0]), np.array([0.5, 0.7e-5]))
    assert off(exact, np.array([2.0, np.nan, -3.0])) == [
        "x: the float32 gradient is 1 off that in float64"
    ]


def off(exact, found):
    function = Cast(exact, found)
    report = Report("f", 0, 1e-6)
    check._compare_float32(function, np.random.default_rng(5), report)
    wide, cast = function.seeds
    assert np.array_equal(wide, np.random.default_rng(5).normal(size=2))
    assert cast.dtype == np.float32 and np.array_equal(cast, wide.astype(np.float32))
    return report.problems
