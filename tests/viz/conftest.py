"""What the tests of seeing share."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Value
from autograd.arithmetic import lecture as lesson


@pytest.fixture
def example() -> dict[str, Any]:
    """The lecture's worked example: weights and named results by label."""
    weights = {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}
    return {**weights, **lesson.error(weights)}
