"""What the project's own audit adds to `audit`: which test kills, and is the right one blamed?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autograd.table import kernels
from autograd.testing.checker.local import RuleError, contributions
from autograd.testing.mutation.auditing import PATIENCE, Check, outcome_of, profiled
from autograd.testing.mutation.mutants import Mutant


def kills(
    mutant: Mutant, tests: Sequence[tuple[str, Check]], patience: float = PATIENCE
) -> tuple[str, BaseException] | None:
    """The first of the named tests that kills the mutant, and how; None if it survives all."""
    with mutant:
        for name, check in tests:
            outcome = outcome_of(check, patience)
            if outcome is not None:
                return name, outcome
    return None


def well_blamed(mutant: Mutant, outcome: BaseException) -> bool | None:
    """Whether `check_grads`, which the mutant made fail, named the right culprit; None if nobody.

    Right is for a rule its primitive, and for the engine the engine. A kernel of the engine may be
    what a primitive computes with: then one that runs it is right too.
    """
    culprit: Any = getattr(getattr(outcome, "report", None), "culprit", None)
    if culprit is None:
        return None
    if mutant.primitives:
        return culprit.kind == "rule" and culprit.node.op in mutant.primitives
    if culprit.kind == "rule" and mutant.function.__module__ == kernels.__name__:
        with mutant:
            code = mutant.function.__code__
            with profiled() as codes, suppress(RuleError):
                contributions(culprit.node, np.ones(culprit.node.shape))
        return code in codes
    return culprit.kind == "engine"
