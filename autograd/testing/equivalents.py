"""Mutants that no check can kill, since they compute the same: each with the reason.

The audit fails for a survivor that does not stand here, and for an entry that is killed after all.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
