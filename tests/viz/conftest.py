"""What the tests of seeing share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from autograd import Value
from autograd.arithmetic import lecture as lesson


@pytest.fixture
def example() -> dict[str, Any]:
    """The lecture's worked example: weights and named results by label."""
    weights = {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}
    return {**weights, **lesson.error(weights)}


# --- a browser --------------------------------------------------------------------------------

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page of the browser, offline; an error in its JavaScript fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 960, "height": 720})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: message.type == "error" and errors.append(message.text))
    yield tab
    context.close()
    assert errors == []
