"""Seeing a graph: drawn, stepped through, explained.

What is heavy (a renderer, the widget, a terminal's colours) loads when it is first used.
"""

from __future__ import annotations

import warnings

from autograd.errors import NonFiniteError
from autograd.viz.picture.draw import draw
from autograd.viz.tell.anomaly import detect_anomaly, why_nonfinite
from autograd.viz.tell.derivation import Derivation, derive
from autograd.viz.tell.explanation import Ledger, explain
from autograd.viz.tell.judge import Judgement, check_derivation
from autograd.viz.tell.source_lines import SourceLine, record_lines
from autograd.viz.tell.summaries import summary, tree
from autograd.viz.walk.stepper import Stepper
from autograd.viz.walk.timeline import Moment

__all__ = [
    "Derivation",
    "Judgement",
    "Ledger",
    "Moment",
    "NonFiniteError",
    "SourceLine",
    "Stepper",
    "check_derivation",
    "derive",
    "detect_anomaly",
    "draw",
    "explain",
    "record_lines",
    "summary",
    "tree",
    "why_nonfinite",
]


def __getattr__(name: str) -> type[Judgement]:
    if name == "Verdict":
        warnings.warn(
            "autograd.viz.Verdict is called Judgement now; the old name goes in the next release",
            DeprecationWarning,
            stacklevel=2,
        )
        return Judgement
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
