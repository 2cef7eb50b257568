"""gradwalk's engine: reverse-mode differentiation to walk through.

`Value` is a scalar node, `Tensor` an array node; operations on them record a graph, and
`backward()` walks it. Every primitive and composite is a function here. `autograd.tape` replays,
`autograd.testing` checks and `autograd.viz` shows; each loads when it is first asked for.
"""

import importlib
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from autograd.arithmetic.formulas import Symbol, formula, write
from autograd.arithmetic.scalars import as_values, scalarize
from autograd.arithmetic.tensor import Tensor
from autograd.arithmetic.value import Value, assign
from autograd.core.derivatives import hessian, hvp, jacobian, jvp
from autograd.core.gradients import backward, grad
from autograd.core.modes import no_grad, observing
from autograd.core.node import Node, Observer
from autograd.core.order import toposort
from autograd.core.primitive import TABLE, Primitive
from autograd.core.renaming import old_names
from autograd.core.walk import Step, describe, recompute, steps, vjp
from autograd.errors import StaleGraphError
from autograd.table.composites import COMPOSITES

# isort: off
# fmt: off
from autograd.arithmetic.functions import (
    abs as abs, max as max, min as min, pow as pow, sum as sum,  # in no __all__
    add, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, astype, broadcast_to,
    cbrt, cholesky, clip, cofactors, concatenate, cos, cosh, cumprod, cumsum, det, direction,
    div, dot, einsum, equal, erf, exp, exp2, expm1, floor, heaviside, hypot, interp, inv,
    isfinite, log, log10, log1p, log2, log_softmax, logabsdet, logaddexp, logsigmoid,
    logsumexp, marked, matmul, maximum, mean, median, minimum, mod, mul, nanmax, nanmean,
    nanmin, nanprod, nanstd, nansum, nanvar, neg, norm, overlap_add, pad, percentile, prod,
    quantile, relu, reshape, root, scatter, sigmoid, sign, signdet, sin, sinc, sinh, slogdet,
    softmax, softplus, solve, sort, sorted_by, sqrt, square, stack, std, stop_gradient, sub,
    subgradient, sum_to, take, tan, tanh, to_value, transpose, unsorted_by, var, where, windows,
)
# fmt: on
# isort: on

if TYPE_CHECKING:
    from autograd import errors as errors
    from autograd import tape as tape
    from autograd import testing as testing
    from autograd import viz as viz

__version__ = "0.1.0"

# What `from autograd import *` brings: all but what would hide Python's own functions.
# fmt: off
__all__ = [
    "COMPOSITES", "TABLE", "Node", "Observer", "Primitive", "StaleGraphError", "Step",
    "Symbol", "Tensor", "Value", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctan2", "arctanh", "as_values", "assign", "astype", "backward", "broadcast_to", "cbrt",
    "cholesky", "clip", "cofactors", "concatenate", "cos", "cosh", "cumprod", "cumsum",
    "describe", "det", "direction", "div", "dot", "einsum", "equal", "erf", "exp", "exp2",
    "expm1", "floor", "formula", "grad", "heaviside", "hessian", "hvp", "hypot", "interp",
    "inv", "isfinite", "jacobian", "jvp", "log", "log1p", "log2", "log10", "log_softmax",
    "logabsdet", "logaddexp", "logsigmoid", "logsumexp", "marked", "matmul", "maximum", "mean",
    "median", "minimum", "mod", "mul", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd",
    "nansum", "nanvar", "neg", "no_grad", "norm", "observing", "overlap_add", "pad",
    "percentile", "prod", "quantile", "recompute", "relu", "reshape", "root", "scalarize",
    "scatter", "sigmoid", "sign", "signdet", "sin", "sinc", "sinh", "slogdet", "softmax",
    "softplus", "solve", "sort", "sorted_by", "sqrt", "square", "stack", "std", "steps",
    "stop_gradient", "sub", "subgradient", "sum_to", "take", "tan", "tanh", "to_value",
    "toposort", "transpose", "unsorted_by", "var", "vjp", "where", "windows", "write",
]
# fmt: on
_BESIDES = ("abs", "max", "min", "pow", "sum", "errors", "tape", "testing", "viz", "__version__")


if not TYPE_CHECKING:  # for a type checker, every name would be there
    _old_name = old_names(__name__, evaluate=recompute, step=heaviside)

    def __getattr__(name: str) -> Any:
        lazy = name in ("errors", "tape", "testing", "viz")
        return importlib.import_module(f"autograd.{name}") if lazy else _old_name(name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_BESIDES])


if any(os.path.isdir(os.path.join(path, "autograd", "numpy")) for path in sys.path):
    warnings.warn(
        "another distribution named autograd (which has autograd.numpy) is installed in this "
        "environment: `import autograd` may find either; run `pip uninstall autograd`, "
        "or give each an environment of its own",
        stacklevel=2,
    )
