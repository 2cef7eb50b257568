"""Testing gradients: a checker that is right, names the culprit, and shrinks."""

from typing import Any

from autograd.errors import GradientError, VacuousCheckWarning
from autograd.testing import laws
from autograd.testing.certification import certify
from autograd.testing.checker.check import check_grads, examine
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.checker.verdict import Verdict
from autograd.testing.mutation.auditing import Audit, audit
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.planting import replaced

_STRATEGIES = (
    "Expression",
    "Operands",
    "expressions",
    "networks",
    "operands_for",
    "program",
    "tensors",
    "values",
)


def __getattr__(name: str) -> Any:
    """The strategies load Hypothesis, which is an extra, when one is first asked for."""
    if name in _STRATEGIES:
        from autograd.testing import strategies

        return getattr(strategies, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
