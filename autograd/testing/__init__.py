"""Testing gradients: a checker that is right, names the culprit, and shrinks."""

import importlib
from typing import TYPE_CHECKING, Any

from autograd.errors import GradientError, VacuousCheckWarning
from autograd.testing import laws
from autograd.testing.certification import certify
from autograd.testing.checker.check import check_grads, examine
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Culprit, Finding, Report
from autograd.testing.listing import program
from autograd.testing.mutation.auditing import Audit, audit
from autograd.testing.mutation.engine import ENGINE
from autograd.testing.mutation.mutants import Mutant, mutants
from autograd.testing.mutation.planting import replaced

from autograd.testing.pairs import (  # isort: skip
    check_forward_backward, check_jac, check_vjp, examine_forward_backward, examine_jac,
    examine_vjp,
)  # fmt: skip

if TYPE_CHECKING:
    from autograd.testing.strategies import (  # isort: skip
        Expression, Operands, expressions, networks, operands_for, tensors, values,
    )  # fmt: skip

__all__ = [
    "ENGINE", "Audit", "Culprit", "Expression", "Finding", "GradientError", "Mutant", "Operands",
    "Report", "VacuousCheckWarning", "Verdict", "audit", "certify",
    "check_forward_backward", "check_grads", "check_jac", "check_vjp", "examine",
    "examine_forward_backward", "examine_jac", "examine_vjp",
    "expressions", "laws", "mutants", "networks", "operands_for", "program", "replaced",
    "tensors", "values",
]  # fmt: skip

if not TYPE_CHECKING:  # for a type checker, every name would be there

    def __getattr__(name: str) -> Any:
        """The strategies load Hypothesis, an extra, when one of them is first asked for."""
        if name in __all__:
            return getattr(importlib.import_module("autograd.testing.strategies"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
