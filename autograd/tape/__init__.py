"""Record once, replay fast: `Tape` and `compile`."""

from __future__ import annotations

from autograd.errors import BranchError
from autograd.tape.compiling import Compiled, compile, draw, lookup, tap
from autograd.tape.guards import Guards, is_observed
from autograd.tape.tape import Tape
