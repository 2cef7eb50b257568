"""Closing in on an entry that is wrong: which comparisons are asked for, and which one is told."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from autograd.testing.checker import probe
from autograd.testing.checker.numeric import Verdict
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_finding, a_probe

FUNCTIONS = functions_in(probe)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


class Narrowing:
    """A probe whose comparisons are told: those of which the test `fails` holds are `verdict`."""

    def __init__(
        self,
        fails,
        verdict=WRONG,
        parts=OK,
        **more,
    ):
        self.fails, self.verdict, self.parts, self.more = fails, verdict, parts, more
        self.asked = []
        self.probe = a_probe(cotangent=np.ones(2), compared=self.compared)

    def compared(self, name, direction, cotangent):
        assert name == "x" and len(self.asked) < 20
        moving = np.flatnonzero(direction).tolist(), np.flatnonzero(cotangent).tolist()
        self.asked.append(moving)
        bad = self.fails(*moving)
        about = {"error": float(len(self.asked)), "index": moving[0], "output": moving[1]}
        made = a_finding(self.verdict if bad else self.parts)
        return probe.replace(made, **{**about, **self.more})

    def __call__(self, size=4):
        splits = iter(range(20))  # so that no mutant goes on for ever

        def halves(whole, real=probe.halves):
            next(splits)
            return real(whole)

        with patch.object(probe, "halves", halves):
            found = self.probe.settled("x", np.ones(size))
        return found.verdict, found.index, found.output, found.note, len(self.asked)


def test_closing_in():
    assert Narrowing(lambda d, c: False)() == (OK, [0, 1, 2, 3], [0, 1], "", 1)
    third = Narrowing(lambda d, c: 2 in d and 1 in c)
    assert third() == (WRONG, [2], [1], "", 6)
    assert third.asked[1:] == [
        ([0, 1], [0, 1]),
        ([2, 3], [0, 1]),
        ([2], [0, 1]),
        ([2], [0]),
        ([2], [1]),
    ]
    assert Narrowing(lambda d, c: 2 in d and 1 in c, UNSURE)() == (UNSURE, [2], [1], "", 6)
    together = Narrowing(lambda d, c: len(d) > 1)
    assert together(2) == (WRONG, [0, 1], [0], "", 6)
    mixed = Narrowing(lambda d, c: len(d) + len(c) > 3)
    assert mixed(2) == (WRONG, [0, 1], [0, 1], "", 5)
    unsure = Narrowing(lambda d, c: len(d) > 1, UNSURE)
    assert unsure(2) == (OK, [1], [0, 1], "", 3)
    kinked = Narrowing(lambda d, c: len(d) > 1, WRONG, KINK)
    assert kinked(2) == (KINK, [0, 1], [0, 1], "several kinks at once", 3)
    apart = Narrowing(lambda d, c: len(d) > 1, WRONG, numeric=1.0, error=0.0)
    assert apart(2) == (KINK, [0, 1], [0, 1], "several kinks at once", 3)
    alone = Narrowing(lambda d, c: True, numeric=1.0, error=0.0)
    assert alone(1) == (WRONG, [0], [0], "", 2)


def test_the_first_that_is_wrong_ends_it():
    for verdicts, told in (([OK, KINK, WRONG, OK], 3), ([OK, UNSURE, OK], 2), ([OK, KINK], 2)):
        asked = []

        def directions(*given, verdicts=verdicts):
            assert given == ("x", 1, "rng")
            return range(len(verdicts))

        def settled(*given, asked=asked, verdicts=verdicts):
            asked.append(given)
            return a_finding(verdicts[given[1]])

        many = SimpleNamespace(numbers={"x": np.zeros(probe.SMALL + 1)})
        some = a_probe(directions=directions, settled=settled, subject=many)
        assert [f.verdict for f in some.findings("x", 1, "rng")] == verdicts[:told]
        assert asked == [("x", i) for i in range(told)]
