"""Old names of what is public: they work for one release, and warn."""

import warnings
from collections.abc import Callable
from typing import Any


def old_names(module: str, **names: Any) -> Callable[[str], Any]:
    """The `__getattr__` of a module in which these things have other names now."""

    def getattr_(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = names[name]
        warnings.warn(
            f"{module}.{name} is now {module}.{new.__name__}; the old name ends with the next "
            f"release",
            DeprecationWarning,
            stacklevel=2,
        )
        return new

    return getattr_
