"""Gradients of PyTorch: functions, `autograd.Function`s, and modules with their parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Unpack

from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.nesting import flat, rebuilt
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Number, Numbers, kind
from autograd.testing.elsewhere.traced import Framework, Options, Run, examine_traced

try:
    import torch
except ImportError as error:
    raise ImportError("autograd.testing.torch needs PyTorch: pip install torch") from error


__tracebackhide__ = True


def check_grads(f: Callable[..., Any], *inputs: Any, **options: Unpack[Options]) -> None:
    """Check what PyTorch's `backward` gives for every tensor of floats, and every parameter.

    Args:
        f: a function, or a module, of which every parameter that wants a gradient is checked, too.
            It returns a tensor, or nested lists, tuples or dicts of them.
        inputs: tensors of float64 or float32 on any device, and nested lists, tuples and dicts of
            them; other things are constants. What is of float32 is checked in float64 first.
        options: `order` (2), `rtol`, `atol`, `bounds`, `seed` and `budget`, as those of
            `autograd.testing.check_grads`.

    Raises:
        GradientError: as `autograd.testing.check_grads`.
        TypeError: there is nothing to differentiate.

    >>> import torch
    >>> check_grads(torch.tanh, torch.tensor([0.5, 2.0]))
    >>> check_grads(lambda x: x * x.detach(), torch.tensor([0.5, 2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: <lambda>: wrong ...
    """
    examine(f, *inputs, **options).require()


def examine(f: Callable[..., Any], *inputs: Any, **options: Unpack[Options]) -> Report:
    """What `check_grads` found, without raising.

    >>> examine(torch.nn.Linear(2, 3), torch.ones(4, 2)).ok
    True
    """
    written: Any = f
    if isinstance(owner := getattr(f, "__self__", None), torch.autograd.function.FunctionMeta):
        written, name = owner.backward, owner.__name__
    else:
        name = getattr(f, "__name__", type(f).__name__)
    items = dict(flat(inputs, "inputs"))
    sources = {path: x for path, x in items.items() if is_real(x)}
    if isinstance(f, torch.nn.Module):
        sources |= {key: p for key, p in f.named_parameters() if p.requires_grad}
    if not sources:
        got = ", ".join(map(kind, items.values())) or "no inputs"
        raise TypeError(f"{name}: there is no tensor of floats to differentiate, got {got}")

    def run(tensors: dict[str, Any]) -> Any:
        given = {key: x.to(sources[key].device) for key, x in tensors.items()}
        arguments = rebuilt(inputs, (given.get(path, x) for path, x in items.items()))
        if not isinstance(f, torch.nn.Module):
            return joined(f(*arguments), name)
        state = {**dict(f.named_buffers()), **dict(f.named_parameters())}
        dtype = next(iter(given.values())).dtype
        state = {
            key: x.to(dtype, copy=True) if is_real(x) else x.clone() for key, x in state.items()
        }
        state |= {key: x for key, x in given.items() if key not in items}
        return joined(torch.func.functional_call(f, state, arguments), name)

    numbers = {key: x.detach().cpu().numpy() for key, x in sources.items()}
    return examine_traced(
        Framework(value, many, vjp, gradient), name, written, numbers, run, options
    )


def is_real(x: object) -> bool:
    return isinstance(x, torch.Tensor) and x.dtype in (torch.float64, torch.float32)


def joined(result: Any, name: str) -> Any:
    """One tensor of all that are in the result."""
    found = [x for _, x in flat(result)]
    if not found or not all(isinstance(x, torch.Tensor) for x in found):
        got = ", ".join(map(kind, found)) or "nothing"
        raise GradientError(f"{name} must return a tensor (or a list or dict of them), got {got}")
    return found[0] if len(found) == 1 else torch.cat([x.reshape(-1) for x in found])


def value(run: Run, numbers: Numbers) -> Any:
    return run({key: torch.as_tensor(x) for key, x in numbers.items()}).detach().cpu().numpy()


def many(run: Run, numbers: Numbers, moved: str, line: Array) -> Any:
    fixed = {key: torch.as_tensor(x) for key, x in numbers.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # where it is no quicker
        found = torch.func.vmap(lambda x: run({**fixed, moved: x}))(torch.as_tensor(line))
    return found.detach().cpu().numpy()


def vjp(run: Run, cotangent: Number, numbers: Numbers) -> dict[str, Any]:
    tensors = {key: torch.as_tensor(x).requires_grad_() for key, x in numbers.items()}
    found = gradients(run(tensors), tensors, torch.as_tensor(cotangent))
    return {key: None if g is None else g.cpu().numpy() for key, g in found.items()}


def gradient(run: Run, cotangent: str) -> Run:
    """The gradient as a function of the same tensors, and of the cotangent by that name."""

    def of(tensors: dict[str, Any]) -> Any:
        others = {key: x for key, x in tensors.items() if key != cotangent}
        others = {k: x if x.requires_grad else x.requires_grad_() for k, x in others.items()}
        found = gradients(run(others), others, tensors[cotangent], create_graph=True)
        zeros = {key: torch.zeros_like(x) for key, x in others.items()}
        return joined([zeros[key] if g is None else g for key, g in found.items()], "the gradient")

    return of


def gradients(
    output: Any, tensors: dict[str, Any], cotangent: Any, create_graph: bool = False
) -> dict[str, Any]:
    """Those of `output`, by name; None where it does not depend on a tensor."""
    if not output.requires_grad:
        return dict.fromkeys(tensors)
    found = torch.autograd.grad(
        output,
        list(tensors.values()),
        cotangent.to(output).reshape(output.shape),
        create_graph=create_graph,
        allow_unused=True,
    )
    return dict(zip(tensors, found, strict=True))
