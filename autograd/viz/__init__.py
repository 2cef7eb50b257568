"""Seeing a graph: drawn, stepped through, explained.

What is heavy (a renderer, the widget, a terminal's colours) loads when it is first used.
"""

from __future__ import annotations

from autograd.viz.anomaly import NonFiniteError, detect_anomaly, why_nonfinite
from autograd.viz.answer import Verdict, check_derivation
from autograd.viz.derivation import Derivation, derive
from autograd.viz.draw import draw
from autograd.viz.explain import Ledger, explain
from autograd.viz.source import SourceLine, record_lines
from autograd.viz.stepper import Moment, Stepper
from autograd.viz.summary import summary, tree

__all__ = [
    "Derivation",
    "Ledger",
    "Moment",
    "NonFiniteError",
    "SourceLine",
    "Stepper",
    "Verdict",
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
