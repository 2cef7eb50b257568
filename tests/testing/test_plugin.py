"""The pytest plugin: the fixture, its failures, the profiles, and README's example of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import settings

import autograd
from autograd.testing import replaced

pytest_plugins = ["pytester"]

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = next(
    code
    for code in re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.M)
    if "pytest_plugins" in code
)
TESTS = """
from autograd import Tensor

def test_right(gradcheck):
    gradcheck(lambda x: x.tanh(), Tensor([1.0, 2.0]))

def test_wrong(gradcheck):
    gradcheck(lambda x: x * x.data, Tensor([1.0, 2.0]))

def test_failing_otherwise():
    assert 1 + 1 == 3
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a test file as its own project; pytest's output."""
    profile = settings.get_current_profile_name()
    settings.load_profile("gradwalk-ci")  # a test file's own plugins come too late for decorators

    def run(tests, *options):
        pytester.makepyfile(tests)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)

    yield run
    settings.load_profile(profile)


PLUGIN = ("-p", "autograd.testing.plugin")


def test_a_failure_shows_the_report_and_no_traceback(run):
    done = run(TESTS, *PLUGIN)
    done.assert_outcomes(passed=1, failed=2)
    shown = done.stdout.str()
    assert "inputs[0][0]" in shown
    assert "test_a_failure_shows_the_report_and_no_traceback.py:7: GradientError" in shown
    assert "culprit: <lambda> itself: it reads the number of inputs[0]" in shown
    assert "raise GradientError" not in shown
    assert "assert (1 + 1) == 3" in shown, "other failures are shown as ever"


def test_the_example_of_the_readme_passes_as_it_stands(run):
    assert len([line for line in EXAMPLE.splitlines() if line]) <= 10
    run(EXAMPLE).assert_outcomes(passed=1)


def test_the_example_of_the_readme_names_a_wrong_rule(run):
    with replaced(autograd.tanh, vjps=(lambda g, out, x: g * (1 + out * out),)):
        done = run(EXAMPLE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*inputs[[]0[]]*wrong*", "*culprit: *tanh*", "*x=Tensor(*"])


@pytest.mark.parametrize("profile", ["dev", "ci", "thorough"])
def test_a_profile_is_loaded_for_whoever_asks(run, profile):
    asked = f"--hypothesis-profile=gradwalk-{profile}"
    run("def test_nothing(): pass", *PLUGIN, asked).assert_outcomes(passed=1)
    assert settings.get_current_profile_name() == f"gradwalk-{profile}"
    assert settings.default.deadline is None
    assert settings.default.derandomize == (profile == "ci")
    assert settings.default.max_examples == (2000 if profile == "thorough" else 100)


def test_a_user_s_own_profiles_stay_as_they_are(run, pytester):
    pytester.makeconftest(
        "from hypothesis import settings\n"
        "settings.register_profile('ci', max_examples=7)\n"
        "settings.load_profile('ci')"
    )
    run("def test_nothing(): pass", *PLUGIN).assert_outcomes(passed=1)
    assert settings.get_current_profile_name() == "ci" and settings.default.max_examples == 7


UNSURE = """
from hypothesis import given, strategies as st
from autograd import Tensor
from autograd.testing import check_grads, tensors

@given(tensors(shape=(2,), low=1e-3))
def test_rejects(x):
    check_grads(lambda x: x.log(), x if x.data[0] > 0.1 else Tensor([0.0, 1.0]))

@given(tensors(shape=(2,), low=-2.0, high=-1.0))
def test_too_many(x):
    check_grads(lambda x: x.log(), x)

@given(st.integers())
def test_explained(n):
    check_grads(lambda x: x * x.data if n > 5 else x * x, Tensor([2.0]))
"""


def test_an_example_of_which_nothing_can_be_said_is_rejected(run):
    done = run(UNSURE, *PLUGIN)
    done.assert_outcomes(passed=1, failed=2)
    shown = done.stdout.str()
    assert "FailedHealthCheck" in shown or "Unsatisfiable" in shown
    assert "/autograd/" not in shown.partition("Explanation:")[2]


def test_without_hypothesis_there_is_the_fixture_alone(run, pytester):
    pytester.makeconftest("import sys; sys.modules['hypothesis'] = None")
    run(TESTS, *PLUGIN, "-p", "no:hypothesispytest").assert_outcomes(passed=1, failed=2)
