"""Record once, replay fast: `Tape` and `compile`."""

from typing import TYPE_CHECKING

from autograd.core.renaming import old_names
from autograd.errors import BranchError
from autograd.tape.compiling import Compiled, compile, sample, tap
from autograd.tape.guards import Guards, is_observed
from autograd.tape.indexing import lookup
from autograd.tape.tape import Tape

__all__ = [
    "BranchError", "Compiled", "Guards", "Tape", "compile", "is_observed", "lookup", "sample",
    "tap",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__ = old_names(__name__, draw=sample)
