"""For pytest: the fixture `gradcheck`, whose failures show the report alone.

Switch it on with `pytest_plugins = ["autograd.testing.plugin"]` in the topmost conftest.py, or with
`pytest -p autograd.testing.plugin`. Hypothesis gets the profiles dev, ci (deterministic) and
thorough, none with a deadline; `HYPOTHESIS_PROFILE` picks one of them.
"""

import os
from collections.abc import Callable, Generator

import pytest

from autograd.errors import GradientError
from autograd.testing.checker.check import check_grads


@pytest.fixture(scope="session")  # as Hypothesis wants it: it holds nothing
def gradcheck() -> Callable[..., None]:
    """`check_grads`, for tests: `def test_it(gradcheck): gradcheck(f, x)`."""
    return check_grads


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed gradient check shows its report, without the checker's own traceback.

    Below it stands what was noted: Hypothesis's example, and a strategy's graph as a program.
    """
    outcome = yield
    if call.excinfo is not None and isinstance(error := call.excinfo.value, GradientError):
        outcome.longrepr = "\n".join([str(error), *getattr(error, "__notes__", [])])
    return outcome


def pytest_configure(config: pytest.Config) -> None:
    try:
        from hypothesis import HealthCheck, settings
    except ImportError:  # it is an extra
        return
    slow = [HealthCheck.too_slow]
    plain = settings.get_profile("default")  # without a parent, that in force would be it
    settings.register_profile("dev", plain, deadline=None, suppress_health_check=slow)
    dev = settings.get_profile("dev")
    settings.register_profile("ci", dev, derandomize=True, database=None, print_blob=True)
    settings.register_profile("thorough", dev, max_examples=2000)
    usual = "ci" if os.environ.get("CI") else "dev"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or usual)
