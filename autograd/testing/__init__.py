"""Testing gradients: a checker that is right, names the culprit, and shrinks."""

from typing import Any

from autograd.testing import laws
from autograd.testing.audit import Audit, VacuousCheckWarning, audit
from autograd.testing.certify import certify
from autograd.testing.check import check_grads, examine
from autograd.testing.mutants import ENGINE, Mutant, mutants
from autograd.testing.planting import replaced
from autograd.testing.report import Culprit, Finding, Report
from autograd.testing.subject import GradientError
from autograd.testing.verdict import Verdict

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
