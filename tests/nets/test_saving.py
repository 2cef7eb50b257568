"""Saving and loading: what is read is what was written, and a bad file changes nothing."""

import os
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nets
from nets import MLP
from nets.train.saving import read_arrays, write_arrays

SUFFIXES = [
    ".npz",
    pytest.param(
        ".safetensors",
        marks=pytest.mark.skipif(
            find_spec("safetensors") is None, reason="the package safetensors is missing"
        ),
    ),
]
both = pytest.mark.parametrize("suffix", SUFFIXES)

arrays = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
    | st.sampled_from(["file", "layers.0.weight", "training/optimiser/mean.0"]),
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
    ),
    max_size=4,
)


def model(seed=0, hidden=3):
    return MLP(2, hidden, 1, rng=np.random.default_rng(seed))


def same(a, b):
    return a.keys() == b.keys() and all(
        (a[name].dtype, a[name].shape, a[name].tobytes())
        == (b[name].dtype, b[name].shape, b[name].tobytes())
        for name in a
    )


@both
@given(written=arrays)
def test_what_is_read_is_what_was_written(tmp_path_factory, suffix, written):
    path = tmp_path_factory.getbasetemp() / f"arrays{suffix}"
    write_arrays(written, path)
    assert same(read_arrays(path), written)


@both
def test_any_memory_order_is_written(tmp_path, suffix):
    written = {"T": np.arange(6.0).reshape(2, 3).T, "strided": np.arange(9)[::2]}
    write_arrays(written, tmp_path / f"a{suffix}")
    assert same(read_arrays(tmp_path / f"a{suffix}"), written)


@both
def test_a_model_comes_back_bit_for_bit(tmp_path, suffix):
    a, b = model(0), model(1)
    nets.save(a, tmp_path / f"model{suffix}")
    nets.load(b, tmp_path / f"model{suffix}")
    assert same(a.state_dict(), b.state_dict())
    assert os.listdir(tmp_path) == [f"model{suffix}"]


@both
def test_every_truncation_gets_a_clear_error_and_changes_nothing(tmp_path, suffix):
    path = tmp_path / f"model{suffix}"
    nets.save(model(0), path)
    content = path.read_bytes()
    b = model(1)
    before = b.state_dict()
    for length in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=rf"must be a whole {suffix} file, got .*; save it"):
            nets.load(b, path)
    assert same(b.state_dict(), before)


def test_a_flipped_bit_in_an_npz_is_noticed(tmp_path):
    path = tmp_path / "model.npz"
    nets.save(model(0), path)
    content = bytearray(path.read_bytes())
    content[content.index(model(0).state_dict()["layers.0.weight"].tobytes()) + 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        nets.load(model(1), path)


@both
@pytest.mark.parametrize("content", [b"", b"foreign", b"\x80\x04N.", b"PK\x03\x04", bytes(1000)])
def test_a_foreign_file_gets_a_clear_error(tmp_path, suffix, content):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"a whole {suffix} file, got {len(content):,} bytes"):
        nets.load(model(), path)


def test_a_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, weight=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(path)


def test_a_single_array_file_is_foreign(tmp_path):
    with (tmp_path / "model.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match="another format"):
        read_arrays(tmp_path / "model.npz")


@both
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("layers.0.bias"), "without .*layers.0.bias"),
        (lambda s: s.update(extra=np.ones(1)), "unknown .*extra"),
        (lambda s: s.update({"layers.1.weight": np.ones((2, 3))}), r"layers.1.weight.*\(2, 3\)"),
    ],
)
def test_a_file_of_another_model_gets_a_clear_error_and_changes_nothing(
    tmp_path, suffix, change, message
):
    state = model(0).state_dict()
    change(state)
    path = tmp_path / f"model{suffix}"
    write_arrays(state, path)
    b = model(1)
    before = b.state_dict()
    with pytest.raises(ValueError, match=f"does not fit the model: .*{message}"):
        nets.load(b, path)
    assert same(b.state_dict(), before)


@both
def test_other_writers_files_are_read(tmp_path, suffix):
    state = model(0).state_dict()
    path = tmp_path / f"model{suffix}"
    if suffix == ".npz":
        np.savez_compressed(path, **state)
    else:
        from safetensors.numpy import save_file

        save_file(state, path, metadata={"format": "pt"})
    b = model(1)
    nets.load(b, path)
    assert same(b.state_dict(), state)


@pytest.mark.parametrize("name", ["model.pt", "model", "model.npz.gz"])
def test_an_unknown_suffix_gets_a_clear_error(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.npz or \.safetensors, got .*; rename"):
        nets.save(model(), tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_a_missing_package_gets_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'gradwalk\[safetensors\]', or .* .npz"):
        nets.save(model(), tmp_path / "model.safetensors")


def test_a_missing_file_says_which(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        nets.load(model(), tmp_path / "nothing.npz")


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    nets.save(model(0), path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        nets.save(model(1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_saving_through_a_link_replaces_what_it_points_to(tmp_path):
    (tmp_path / "runs").mkdir()
    real, link = tmp_path / "runs" / "real.npz", tmp_path / "link.npz"
    nets.save(model(0), real)
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links need a privilege here")
    nets.save(model(1), link)
    assert link.is_symlink()
    assert same(read_arrays(real), model(1).state_dict())
