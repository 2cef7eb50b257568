"""What an action raises, as a value: a test that compares it also runs without pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def raised(action: Callable[..., Any], *arguments: Any, **more: Any) -> Exception | None:
    try:
        action(*arguments, **more)
    except Exception as error:
        return error
    return None


def said(action: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    """Type and message; nothing where the action passed."""
    error = raised(action, *arguments, **more)
    return f"{type(error).__name__}: {error}" if error else ""
