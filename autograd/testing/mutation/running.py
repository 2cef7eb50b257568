"""Running a check, which may fail or go on for ever, and noting what code it runs."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

PATIENCE = 15.0  # seconds; a mutant that runs longer than that counts as killed

Check = Callable[[], object]


class OutOfPatience(BaseException):
    """Not an Exception, which the code under test might catch only to go on for ever."""


def outcome_of(check: Check, patience: float = PATIENCE) -> BaseException | None:
    """How the check failed, None if it passed."""
    try:
        with _patience(patience), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check()
    except (OutOfPatience, Exception) as error:
        return error
    return None


def described(outcome: BaseException) -> str:
    late = isinstance(outcome, OutOfPatience)
    return str(outcome) if late else f"{type(outcome).__name__}: {outcome}"


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Within it what lasts longer is broken off, where the system can (not on Windows)."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (in_main_thread and hasattr(signal, "setitimer")):
        yield
        return

    def expired(*_: Any) -> None:
        raise OutOfPatience(f"no result after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def profiled() -> Iterator[set[CodeType]]:
    """The code of every Python function that runs within."""
    codes: set[CodeType] = set()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: codes.add(frame.f_code) if event == "call" else None)
    try:
        yield codes
    finally:
        sys.setprofile(before)
