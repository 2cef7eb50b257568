"""Seeing a graph: drawn, stepped through, explained.

What is heavy (a renderer, the widget, a terminal's colours) loads when it is first used.
"""

from __future__ import annotations
