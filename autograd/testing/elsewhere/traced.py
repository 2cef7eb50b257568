"""What PyTorch and JAX differentiate, as a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypedDict

from autograd.core.numbers import Array
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import Bounds, Number, Numbers, backward_pass
from autograd.testing.elsewhere.pair import Pair, examine_pair

Run = Callable[[dict[str, Any]], Any]  # of the framework's arrays by name gives one of its arrays


class Framework(NamedTuple):
    """What is asked of a framework about a `Run`."""

    value: Callable[[Run, Numbers], Any]
    many: Callable[[Run, Numbers, str, Array], Any]  # for a whole line of numbers under a name
    vjp: Callable[[Run, Number, Numbers], Mapping[str, Any]]
    gradient: Callable[[Run, str], Run]  # which takes the cotangent as well, by that name


class Options(TypedDict, total=False):
    """As those of `check_grads`."""

    order: int
    rtol: float
    atol: float
    bounds: Bounds | Mapping[str, Bounds] | None
    seed: int
    budget: int


def examine_traced(
    framework: Framework,
    name: str,
    f: object,
    numbers: Mapping[str, Any],
    run: Run,
    options: Options,
) -> Report:
    """The report on `f`, which `run` calls."""
    pair = traced(framework, name, f, numbers, run, options.get("bounds"))
    asked: dict[str, Any] = {"order": 2, **options}
    asked.pop("bounds", None)
    return examine_pair(pair, **asked)


def traced(
    framework: Framework, name: str, f: object, numbers: Mapping[str, Any], run: Run, bounds: Any
) -> Pair:
    def again(pair: Pair, cotangent: Number) -> Pair:
        seed = "cotangent" + "′" * sum("cotangent" in key for key in pair.numbers)
        gradient, given = framework.gradient(run, seed), {**pair.numbers, seed: cotangent}

        def value(numbers: Numbers) -> Any:
            with backward_pass():
                return framework.value(gradient, numbers)

        further = traced(framework, f"the gradient of {name}", f, given, gradient, pair.bounds)
        further.value = value
        return further

    value, vjp = partial(framework.value, run), partial(framework.vjp, run)
    many = partial(framework.many, run)
    return Pair(name, dict(numbers), value, vjp, bounds=bounds, many=many, written=f, again=again)
