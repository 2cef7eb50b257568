"""For pytest: the fixture `gradcheck`, whose failures show the test and the report.

Switch it on with `pytest_plugins = ["autograd.testing.plugin"]` in the topmost conftest.py, or with
`pytest -p autograd.testing.plugin`. Hypothesis gets the profiles gradwalk-dev, gradwalk-ci
(deterministic) and gradwalk-thorough, none with a deadline, for whoever asks for one of them:
`pytest --hypothesis-profile gradwalk-ci`.
"""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from autograd.testing.checker.graphs import ELSEWHERE

__tracebackhide__ = True  # of a failed check pytest shows the test, and the report


@pytest.fixture(scope="session")  # as Hypothesis wants it: it holds nothing
def gradcheck() -> Callable[..., None]:
    """`check_grads`, for tests: `def test_it(gradcheck): gradcheck(f, x)`.

    Of PyTorch's modules and tensors, and of JAX's arrays, it checks what their library says.
    """
    return checked


def checked(f: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    homes = {type(x).__module__.partition(".")[0] for x in (f, *inputs)}
    there = [ELSEWHERE[home] for home in homes if home in ELSEWHERE]
    importlib.import_module(".".join(["autograd.testing", *there[:1]])).check_grads(
        f, *inputs, **options
    )


@pytest.hookimpl(tryfirst=True)  # before Hypothesis's own plugin loads the profile asked for
def pytest_configure(config: pytest.Config) -> None:
    try:
        from hypothesis import HealthCheck, settings
        from hypothesis.internal import scrutineer
    except ImportError:  # it is an extra
        return
    # What only a failing check runs explains nothing of the failure.
    unhelpful = getattr(scrutineer, "UNHELPFUL_LOCATIONS", ())
    scrutineer.UNHELPFUL_LOCATIONS = (*unhelpful, "/autograd/**.py")
    slow = [HealthCheck.too_slow]
    plain = settings.get_profile("default")  # without a parent, that in force would be it
    settings.register_profile("gradwalk-dev", plain, deadline=None, suppress_health_check=slow)
    dev = settings.get_profile("gradwalk-dev")
    settings.register_profile("gradwalk-ci", dev, derandomize=True, database=None, print_blob=True)
    settings.register_profile("gradwalk-thorough", dev, max_examples=2000)
