"""What every gradient promises, wherever it was written."""

from collections.abc import Iterator

import numpy as np

from autograd.errors import GradientError
from autograd.testing.checker.numeric import TINY
from autograd.testing.checker.subject import Call, Number, Subject, backward_pass, quiet


def broken_promises(subject: Subject, call: Call, cotangent: Number) -> Iterator[str]:
    """A sentence for every promise that the gradient of `call` breaks.

    Called twice, the function gives the same numbers, and so do two passes; a gradient has the
    shape of its input, and is linear in the cotangent, for factors of 0 and −2 to within the
    subject's rounding; inputs and cotangent are left alone.

    Raises:
        GradientError: the function is not deterministic.
    """
    with quiet(), subject.at({}) as again:
        if not np.array_equal(call.raw, again.raw, equal_nan=True):
            raise GradientError(
                f"{subject.name} must be deterministic, but gives other numbers when called again; "
                f"fix its seed, or switch dropout off (model.eval())"
            )
    kept = {"its seed": np.array(cotangent)}
    kept |= {f"the input {name}": np.array(x) for name, x in call.numbers.items()}
    with quiet(), backward_pass():
        first, second = call.gradients(cotangent), call.gradients(cotangent)
        factors = (0.0, -2.0) if all(np.isfinite(g).all() for g in first.values()) else ()
        scaled = {factor: call.gradients(factor * cotangent) for factor in factors}
    for name, g in first.items():
        shape = np.shape(call.numbers[name])
        if np.shape(g) != shape:
            yield f"{name}: a gradient of shape {np.shape(g)} for an input of shape {shape}"
            continue
        if not np.allclose(g, second[name], rtol=subject.rounding, atol=0, equal_nan=True):
            yield f"{name}: a second pass gives another gradient"
        for factor, gradients in scaled.items():
            if not np.allclose(factor * g, gradients[name], rtol=subject.rounding, atol=TINY):
                yield f"{name}: {factor:g} cotangents must give {factor:g} times the gradient"
    given = {"its seed": cotangent}
    given |= {f"the input {name}": x for name, x in call.numbers.items()}
    for what, before in kept.items():
        if not np.array_equal(before, given[what], equal_nan=True):
            yield f"the backward pass changes {what}"
