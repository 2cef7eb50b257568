"""Record once, replay fast: `Tape` and `compile`."""

from __future__ import annotations

from autograd.tape.compile import Compiled, compile, draw, lookup, tap
from autograd.tape.guards import BranchError, Guards, is_observed
from autograd.tape.tape import Tape
