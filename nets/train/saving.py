"""Arrays on disk: a model's weights as `.safetensors` or `.npz`, without pickle.

A file is written beside its final name, flushed to the disk and renamed: at every moment the name
holds the old file or the new one, whole. A file is read whole and checked before anything changes.
"""

import contextlib
import io
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from nets.layers.module import Module

# In a checkpoint, the names of what is not the model's own: see `nets.train.checkpoint`.
TRAINING = "training/"

Arrays = dict[str, np.ndarray]
File = str | os.PathLike[str]


def format_of(path: File) -> tuple[Callable[[Arrays], bytes], Callable[[bytes], Arrays]]:
    """How a file of this name is written, and how it is read.

    Raises:
        ValueError: its suffix is neither `.npz` nor `.safetensors`.
        ImportError: the package `safetensors` is needed and not installed.
    """
    suffix = Path(path).suffix
    if suffix == ".npz":
        return _to_npz, _from_npz
    if suffix == ".safetensors":
        try:
            from safetensors.numpy import load, save
        except ImportError:
            raise ImportError(
                f"{path} needs the package safetensors, which is not installed; "
                f"pip install 'gradwalk[safetensors]', or name the file .npz"
            ) from None
        return save, load
    raise ValueError(f"{path} must end in .npz or .safetensors, got {suffix!r}; rename it")


def _to_npz(arrays: Arrays) -> bytes:
    # np.savez takes names as keywords, so that an array called `file` would be refused.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def _from_npz(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: np.asarray(archive[name]) for name in archive.files}


def write_arrays(arrays: Mapping[str, np.ndarray], path: File) -> None:
    """Write named arrays; an interruption at any time leaves the old file, or the new one.

    Raises:
        ValueError, ImportError: as `format_of` does.
        OSError: the disk refuses.
    """
    # In C order, the only one that both formats hold (`ascontiguousarray` adds an axis to ()).
    contiguous = {name: np.array(array, order="C") for name, array in arrays.items()}
    to_bytes, _ = format_of(path)
    content = to_bytes(contiguous)
    final = Path(path).resolve()  # through a link: the file it points to is replaced
    partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # makes the new name last too, where folders can be synced
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_arrays(path: File) -> Arrays:
    """The named arrays of a file that `write_arrays`, NumPy or safetensors wrote.

    Raises:
        ValueError: the file is truncated, damaged or of another format, or its name is.
        ImportError, OSError: as `format_of` does; the file can't be read.
    """
    _, from_bytes = format_of(path)
    content = Path(path).read_bytes()
    try:
        return from_bytes(content)
    except Exception as error:  # whatever the parser stumbles over, the file is to blame
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{path} must be a whole {Path(path).suffix} file, got {len(content):,} bytes that are "
            f"truncated, damaged or of another format ({reason}); save it again"
        ) from error


def save(model: Module, path: File) -> None:
    """Write a model's parameters and buffers, under their names in `model.state_dict()`.

    Args:
        path: ends in `.npz`, or in `.safetensors` (which needs the package of this name).

    Raises:
        ValueError, ImportError, OSError: as `write_arrays` does; an old file stays as it was then.

    >>> import tempfile
    >>> from nets import Linear
    >>> a, b = (Linear(2, 1, rng=np.random.default_rng(seed)) for seed in (0, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(a, f"{folder}/a.npz")
    ...     load(b, f"{folder}/a.npz")
    >>> bool((a.weight.data == b.weight.data).all())
    True
    """
    write_arrays(model.state_dict(), path)


def load(model: Module, path: File) -> None:
    """Take over the parameters and buffers that `save`, or a checkpoint of `fit`, holds.

    Raises:
        ValueError: the file is truncated, damaged or of another format, or holds other names or
            shapes than the model. The model is unchanged then.
        ImportError, OSError: as `read_arrays` does.
    """
    arrays = read_arrays(path)
    state = {name: array for name, array in arrays.items() if not name.startswith(TRAINING)}
    try:
        model.load_state_dict(state)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} does not fit the model: {error.args[0]}") from error
