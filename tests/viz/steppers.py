"""What the tests of the stepper's page step through, and how they open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograd import Value
from autograd.viz.walk.stepper import Stepper


def example() -> Stepper:
    """e = tanh(a·b + c), the lecture's expression."""
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    e = (a * b + c).tanh()
    e.label = "e"
    return Stepper(e)


def opened(tab: Any, stepper: Stepper, folder: Path) -> Any:
    tab.goto(Path(stepper.save(folder / "step.html")).as_uri())
    return tab.locator(".gradwalk-stepper")
