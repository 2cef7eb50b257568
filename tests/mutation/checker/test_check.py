"""`check_grads` and `examine`: what is asked in which order, and when they stop."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from autograd import Tensor, Value
from autograd.errors import GradientError
from autograd.testing.checker import check, examination
from autograd.testing.checker.graphs import Gradient
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.checker.subject import BackwardError, Inside
from autograd.testing.mutation.sources import functions_in
from tests.mutation.raising import said

FUNCTIONS = functions_in(check, examination)
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
        self.cotangents, self.last = [], None

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
        yield from self.ask("promises", subject)

    def of_the_engine(self, call, cotangent, recorded):
        assert cotangent is self.cotangents[-1] and recorded == (self.order > 1)
        yield from self.ask("engine")

    def symmetries(self, subject, call, rng):
        yield from self.ask("symmetries", subject)

    def probe(self, subject, call, cotangent, level, rtol, atol):
        near = subject.numbers["inputs[0]"] != 2.0
        assert hasattr(subject, "at") and call.output is not None
        assert (cotangent is self.cotangents[-1]) != near and (rtol, atol) == (1e-5, 1e-9)
        self.last = cotangent

        def findings(name, budget, rng):
            assert rng is not None
            verdict = self.ask(f"{name} {level} {budget}", subject) or Verdict.OK
            return [a_finding(level, name, verdict)]

        return SimpleNamespace(findings=findings, extent=lambda name: f"extent of {name}")

    def locate(self, subject, call, cotangent, report):
        assert hasattr(subject, "at") and call.output is not None
        assert cotangent in (self.cotangents[-1], self.last) and not report.ok
        assert (report.name, report.seed, report.rtol) == ("square", 3, 1e-5)
        self.ask("culprit", subject)
        return CULPRIT

    @contextmanager
    def kept(self, *holders):
        assert holders == (square, [])
        self.ask("keep")
        yield
        self.ask("put back")

    def compare_narrow(self, function, original, certified, report):
        assert function.name == report.name and original is function.original
        assert certified == ("certified", function)
        report.problems += self.ask("float32")

    def examined(self, *inputs, order=1):
        self.order = order
        with ExitStack() as stack:
            for module, name, stand_in in (
                (examination, "broken_promises", self.promises),
                (check, "broken_by_the_engine", self.of_the_engine),
                (check, "broken_symmetries", self.symmetries),
                (examination, "Probe", self.probe),
                (check, "locate", self.locate),
                (check, "restoring", self.kept),
                (check, "certified_gradients", lambda function, rng: ("certified", function)),
                (check, "compare_narrow", self.compare_narrow),
            ):
                stack.enter_context(patch.object(module, name, stand_in))
            return check.examine(
                square, *inputs, order=order, budget=20, rtol=1e-5, atol=1e-9, seed=3, params=[]
            )


def square(x, *more):
    return x * x


NEARBY = ["inputs[0] 1 2_nearby"]
FIRST = ["keep", "promises", "engine", "inputs[0] 1 20", *NEARBY]
SECOND = ["promises_of_gradient", "engine", "symmetries_of_gradient"]
SECOND += ["inputs[0] 2 5_of_gradient", "cotangent 2 5_of_gradient"]
OF_GRADIENT = "culprit_of_gradient"


def test_orders():
    """One order after the other, with smaller budgets, a point near by, and float32 at the end."""
    x = Value(2.0)
    script = Script()
    report = script.examined(x)
    assert script.asked == [*FIRST[:4], "put back"] and report.ok
    assert [f.name for f in report.findings] == ["inputs[0]"]
    assert script.cotangents[0] == np.random.default_rng([3, *b"check"]).normal()
    assert (report.order, report.level, report.atol, report.heading) == (1, 1, 1e-9, "")
    script = Script()
    report = script.examined(x, order=2)
    assert script.asked == [*FIRST, *SECOND, "put back"] and report.ok and not report.problems
    assert (report.order, report.level) == (2, 2)
    assert [f.order for f in report.findings] == [1, 2, 2]
    script = Script()
    script.examined(x, order=3)
    third = [word.replace("2 5", "3 2") for word in SECOND]
    third.append("cotangent′ 3 2_of_gradient")
    assert script.asked == [*FIRST, *SECOND, *third, "put back"]
    for narrow, asked in (([np.float32(1.0)], ["float32"]), ([1.0], [])):
        script = Script(float32=["too far"])
        report = script.examined(x, Tensor(np.array(narrow)))
        assert script.asked == [*FIRST[:4], "inputs[1] 1 20", *asked, "put back"]
        assert report.problems == ["too far"] * len(asked)


def test_stops():
    """After the first thing that is wrong nothing is asked, but who is to blame."""
    x = Tensor(np.array(2.0, np.float32))
    wrong, lost = Verdict.WRONG, BackwardError("no way back")
    for trouble, asked, problems, findings, level in (
        ({"promises": ["a"]}, [*FIRST[:2], "culprit"], ["a"], 0, 1),
        ({"promises": lost}, [*FIRST[:2], "culprit"], ["no way back"], 0, 1),
        ({"engine": ["a"]}, [*FIRST[:3], "culprit"], ["a"], 0, 1),
        ({"inputs[0]_1_20": wrong}, [*FIRST[:4], "culprit"], [], 1, 1),
        ({"inputs[0]_1_20": lost}, [*FIRST[:4], "culprit"], ["no way back"], 0, 1),
        ({"inputs[0]_1_2_nearby": wrong}, [*FIRST, "culprit_nearby"], [], 2, 1),
        ({"inputs[0]_1_2_nearby": ValueError()}, [*FIRST, *SECOND, "float32"], [], 3, 2),
        ({"inputs[0]_1_2_nearby": LookupError()}, [*FIRST, *SECOND, "float32"], [], 3, 2),
        ({"inputs[0]_1_2_nearby": GradientError("no")}, FIRST, ["no"], 1, 1),
        ({"inputs[0]_1_2_nearby": lost}, [*FIRST, "culprit_nearby"], [str(lost)], 1, 1),
        (
            {"inputs[0]_1_2_nearby": Verdict.INCONCLUSIVE},
            [*FIRST, *SECOND, "float32"],
            [],
            3,
            2,
        ),
        ({"promises_of_gradient": ["c"]}, [*FIRST, SECOND[0], OF_GRADIENT], ["c"], 1, 2),
        ({"promises_of_gradient": lost}, [*FIRST, SECOND[0], OF_GRADIENT], [str(lost)], 1, 2),
        (
            {"symmetries_of_gradient": ["d", "e"]},
            [*FIRST, *SECOND[:3], OF_GRADIENT],
            ["d", "e"],
            1,
            2,
        ),
        ({"inputs[0]_2_5_of_gradient": wrong}, [*FIRST, *SECOND, OF_GRADIENT], [], 3, 2),
        ({"culprit": GradientError("no"), "promises": ["a"]}, FIRST[:2], ["a", "no"], 0, 1),
        ({"promises": KeyError("k")}, FIRST[:2], ["square raises KeyError: 'k'"], 0, 1),
    ):
        script = Script(**trouble)
        report = script.examined(x, order=2)
        if "culprit" in trouble:
            asked = [*asked, "culprit"]
        assert script.asked == [*asked, "put back"][: len(script.asked)], trouble
        assert len(script.asked) >= len(asked) and report.level == level, trouble
        assert report.problems == problems and len(report.findings) == findings, trouble
        assert all(type(problem) is str for problem in report.problems)
        cause = next(iter(trouble.values()))
        raised = isinstance(cause, KeyError | GradientError) and cause is not lost
        assert report.heading == ("not checked" if raised else ""), trouble
        assert (report.culprit is CULPRIT) == (not report.ok and not raised), trouble
        extents = [f.extent for f in report.findings if f.extent or f.verdict is wrong]
        assert extents == ["extent of inputs[0]"] * (wrong in trouble.values()), trouble
        near = [f.note for f in report.findings if f.note]
        assert near == ["at a point near by"] * (trouble == {"inputs[0]_1_2_nearby": wrong})


def test_refusals():
    """`check_grads` raises what `examine` finds wrong, with the report, and passes all on."""
    more = {"order": 3, "rtol": 0.5, "atol": 0.25, "params": [], "bounds": (0.0, 1.0)}
    more |= {"seed": 7, "budget": 9}
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
    report.cause = KeyError("mine")
    with patch.object(check, "examine", return_value=report):
        assert said(check.check_grads, square, 1.0) == "KeyError: 'mine'"


def test_cotangents():
    """A weight for every element, of the output's own type."""
    for output in (Value(2.0), Tensor(np.ones((2, 3)))):
        call = SimpleNamespace(raw=output.raw)
        found = examination.random_cotangent(call, np.random.default_rng(5))
        assert type(found) is type(output.raw)
        assert np.array_equal(found, np.random.default_rng(5).normal(size=output.shape))


class Cast:
    """A function with the gradients given: one in float64, and one at its original numbers."""

    def __init__(self, exact, found):
        self.gradients, self.original = [exact, found], {"x": "original"}
        self.seeds, self.raw, self.inside = [], None, 1e-3

    @contextmanager
    def at(self, moved):
        gradient = self.gradients[moved == self.original]
        dtype = np.float32 if moved else np.float64

        def gradients(seed):
            self.seeds.append(seed)
            return {"x": gradient}

        raw = np.ones(2, dtype) if self.raw is None else self.raw
        inside = Inside(self.inside, 0.0)
        yield SimpleNamespace(raw=raw, gradients=gradients, inside=lambda seed: inside)


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


def test_float32_beside_larger_gradients():
    allowed = 8 * 2.0**-23 * 1e-3
    for part, right in ((0.99, True), (1.01, False)):
        assert (off(np.zeros(2), np.array([0.0, part * allowed])) == []) is right
    function = Cast(np.zeros(2), np.zeros(2))
    function.inside, nothing = 0.0, Report("f", 0, 1e-6)
    exact = np.ones(2), np.ones(2), {"x": np.zeros(2)}
    examination.compare_narrow(function, function.original, exact, nothing)
    assert not nothing.problems  # not even rounding
    function = Cast(3.0, 3.0)
    function.raw = 1.5
    report = Report("f", 0, 1e-6)
    examination.compare_narrow(function, function.original, (1.5, 2.0, {"x": 3.0}), report)
    assert not report.problems and function.seeds[-1].dtype == np.float64


def test_outputs_that_differ_in_float32_are_not_compared():
    for output, compared in (
        ([1.0, 1.0], True),
        ([1.00019, 1.0], True),
        ([1.0, 1.00021], False),
        ([0.99981, 1.0], True),
        ([1.0, math.nan], False),
    ):
        function, report = Cast(np.zeros(2), np.ones(2)), Report("f", 0, 1e-6)
        certified = np.array(output), np.ones(2), {"x": np.zeros(2)}
        examination.compare_narrow(function, function.original, certified, report)
        assert bool(report.problems) is compared, output
    function, report = Cast(np.zeros(2), np.ones(2)), Report("f", 0, 1e-6)
    function.raw = np.array([math.nan, 9e-5])
    certified = np.array([math.nan, 0.0]), np.ones(2), {"x": np.zeros(2)}
    examination.compare_narrow(function, function.original, certified, report)
    assert report.problems


def off(exact, found):
    function = Cast(exact, found)
    report = Report("f", 0, 1e-6)
    certified = examination.certified_gradients(function, np.random.default_rng(5))
    examination.compare_narrow(function, function.original, certified, report)
    wide, cast = function.seeds
    assert np.array_equal(wide, np.random.default_rng(5).normal(size=2))
    assert cast.dtype == np.float32 and np.array_equal(cast, wide.astype(np.float32))
    return report.problems
