"""gradwalk's engine: reverse-mode differentiation to walk through.

`Value` is a scalar node, `Tensor` an array node; operations on them record a graph, and
`backward()` walks it. Every primitive and composite is a function here.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from autograd.arithmetic.formulas import Symbol, formula, write
from autograd.arithmetic.scalars import as_values, scalarize
from autograd.arithmetic.tensor import Tensor
from autograd.arithmetic.value import Value
from autograd.core.modes import Observer, no_grad, observing
from autograd.core.node import Node, Primitive
from autograd.core.walk import (
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
from autograd.errors import StaleGraphError
from autograd.table.composites import COMPOSITES
from autograd.table.primitives import TABLE

__version__ = "0.1.0"

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...  # the functions below, which stand in tables


globals().update(TABLE)
globals().update(COMPOSITES)

if any(os.path.isdir(os.path.join(path, "autograd", "numpy")) for path in sys.path):
    warnings.warn(
        "another distribution named autograd (which has autograd.numpy) is installed in this "
        "environment: `import autograd` may find either; run `pip uninstall autograd`, "
        "or give each an environment of its own",
        stacklevel=2,
    )
