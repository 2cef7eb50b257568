"""Whose line it was: where the user's program called the library."""

import os
import sys
import warnings
from types import FrameType

GENERATED = "<autograd>"  # the file that the frames of what the table has written name
_PACKAGE = os.path.dirname(os.path.dirname(__file__))
# People look for a line of their own: the library's frames don't count, nor those that started it.
_NETS = os.path.join(os.path.dirname(_PACKAGE), "nets")
_NOT_THE_USERS = (_PACKAGE + os.sep, _NETS + os.sep, "<frozen ", GENERATED)


def is_library(file: str) -> bool:
    return file.startswith(_NOT_THE_USERS)


def users_frame() -> FrameType | None:
    """The innermost frame of the user's own code, None where the library runs by itself."""
    frame: FrameType | None = sys._getframe(1)
    while frame and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the user's line, however deep inside the library it was noticed."""
    frame = users_frame()
    if frame is None:
        warnings.warn(message, category, stacklevel=2)
        return
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    module = frame.f_globals.get("__name__")
    where = frame.f_code.co_filename, frame.f_lineno
    warnings.warn_explicit(message, category, *where, module, registry)
