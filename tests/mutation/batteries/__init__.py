"""The project's own checks, in batteries from the plainest to the most special.

Each takes a primitive (those of the rules) or nothing (all others), and raises where something is
wrong. The audit counts which battery kills which mutant first.
"""

from tests.mutation.batteries import check, culprit, parts, probe, replay, slopes
from tests.mutation.batteries.engine import ENGINE
from tests.mutation.batteries.rules import RULES, calls

# What decides in `check_grads`: groups of functions, and the batteries that their mutants meet.
CHECKER = (
    (slopes.FUNCTIONS, slopes.BATTERIES),
    (parts.FUNCTIONS, parts.BATTERIES),
    (culprit.FUNCTIONS, culprit.BATTERIES),
    (check.FUNCTIONS, check.BATTERIES),
    (probe.FUNCTIONS, probe.BATTERIES),
    (replay.FUNCTIONS, replay.BATTERIES),
)
