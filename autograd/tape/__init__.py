"""Record once, replay fast: `Tape` and `compile`."""

from __future__ import annotations

import warnings as _warnings
from typing import Any as _Any

from autograd.errors import BranchError
from autograd.tape.compiling import Compiled, compile, lookup, sample, tap
from autograd.tape.guards import Guards, is_observed
from autograd.tape.tape import Tape

__all__ = [
    "BranchError",
    "Compiled",
    "Guards",
    "Tape",
    "compile",
    "is_observed",
    "lookup",
    "sample",
    "tap",
]


def __getattr__(name: str) -> _Any:
    if name == "draw":
        _warnings.warn(
            "autograd.tape.draw is now autograd.tape.sample; the old name goes with the next "
            "release",
            DeprecationWarning,
            stacklevel=2,
        )
        return sample
    raise AttributeError(f"module 'autograd.tape' has no attribute {name!r}")
