"""gradwalk's engine: reverse-mode differentiation to walk through.

`Value` is a scalar node, `Tensor` an array node; operations on them record a graph, and
`backward()` walks it. Every primitive and composite is a function here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.formula import Symbol, formula, write
from autograd.functions import COMPOSITES
from autograd.graph import (
    Step,
    backward,
    describe,
    evaluate,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    steps,
    toposort,
    vjp,
)
from autograd.node import Node, Observer, Primitive, StaleGraphError, no_grad, observing
from autograd.primitives import TABLE
from autograd.scalarize import as_values, scalarize
from autograd.tensor import Tensor
from autograd.value import Value

__version__ = "0.1.0"

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...  # the functions below, which stand in tables


globals().update(TABLE)
globals().update(COMPOSITES)
