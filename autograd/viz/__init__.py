"""Seeing a graph: drawn, stepped through, explained.

What is heavy (a renderer, the widget, a terminal's colours) loads when it is first used.
"""

from __future__ import annotations

from autograd.viz.anomaly import NonFiniteError, detect_anomaly, why_nonfinite
from autograd.viz.draw import draw
from autograd.viz.stepper import Moment, Stepper
from autograd.viz.summary import summary, tree

__all__ = [
    "Moment",
    "NonFiniteError",
    "Stepper",
    "detect_anomaly",
    "draw",
    "summary",
    "tree",
    "why_nonfinite",
]
