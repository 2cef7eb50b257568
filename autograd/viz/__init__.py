"""Seeing a graph: drawn, stepped through, explained.

What is heavy (a renderer, the widget, a terminal's colours) loads when it is first used.
"""

from typing import TYPE_CHECKING

from autograd.core.renaming import old_names
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

# fmt: off
__all__ = [
    "Derivation", "Judgement", "Ledger", "Moment", "NonFiniteError", "SourceLine", "Stepper",
    "check_derivation", "derive", "detect_anomaly", "draw", "explain", "record_lines",
    "summary", "tree", "why_nonfinite",
]
# fmt: on

if not TYPE_CHECKING:
    __getattr__ = old_names(__name__, Verdict=Judgement)
