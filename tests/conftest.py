"""What all tests share: the plugin that users get, and one of its profiles."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from autograd.testing import plugin
from autograd.testing.plugin import gradcheck

__all__ = ["gradcheck", "pytest_configure"]

collect_ignore = ["benchmarks"]  # scripts, not tests


def pytest_configure(config: pytest.Config) -> None:
    plugin.pytest_configure(config)
    settings.load_profile("gradwalk-" + os.environ.get("HYPOTHESIS_PROFILE", "dev"))
