"""What all tests share: `gradcheck` and the Hypothesis profiles, from the plugin that users get."""

from __future__ import annotations

from autograd.testing.plugin import gradcheck, pytest_configure, pytest_runtest_makereport

__all__ = ["gradcheck", "pytest_configure", "pytest_runtest_makereport"]

collect_ignore = ["benchmarks"]  # scripts, not tests
