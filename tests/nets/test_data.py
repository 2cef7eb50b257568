"""The data: its shapes, its balance, its seeds, and the figures that identify what is shipped."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nets import data
from nets.perceptron import Perceptron

CLOUDS = [data.circle, data.gaussians, data.moons, data.spiral, data.xor]
clouds = pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.__name__)
sizes = st.integers(2, 60)
noises = st.floats(0, 0.5)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("gate", "function"),
    [
        ("and", lambda a, b: a and b),
        ("or", lambda a, b: a or b),
        ("xor", lambda a, b: a != b),
    ],
)
def test_truth_tables(gate, function):
    X, y = data.truth_table(gate)
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [int(function(*row)) for row in X]
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert (data.truth_table(gate, labels=(-1, 1))[1] == 2 * y - 1).all()


def test_an_unknown_gate_is_an_error_that_lists_the_gates():
    with pytest.raises(ValueError, match="one of and, or, xor, got 'nand'"):
        data.truth_table("nand")


@clouds
@given(n=sizes, noise=noises, seed=seeds)
def test_the_same_seed_gives_the_same_bits(cloud, n, noise, seed):
    X, y = cloud(n, noise=noise, rng=np.random.default_rng(seed))
    X2, y2 = cloud(n, noise=noise, rng=np.random.default_rng(seed))
    assert X.tobytes() == X2.tobytes()
    assert y.tobytes() == y2.tobytes()
    assert X.shape == (n, 2)
    assert y.shape == (n,)
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert np.isfinite(X).all()
    assert set(y) <= {0, 1}


@clouds
@given(n=sizes, seed=seeds)
def test_without_noise_the_classes_are_balanced(cloud, n, seed):
    y = cloud(n, rng=np.random.default_rng(seed))[1]
    if cloud is data.xor:  # the only one whose classes fall as chance will have it
        assert abs(y.sum() - n / 2) <= 3.5 * np.sqrt(n)  # beyond by chance: 1 in 10¹¹
    else:
        assert y.sum() == (n + 1) // 2


@clouds
def test_rows_come_in_random_order(cloud):
    y = cloud(200, rng=np.random.default_rng(0))[1]
    assert 30 < y[:100].sum() < 70


@given(n=sizes, noise=noises, seed=seeds)
def test_circle_noise_moves_labels_not_points(n, noise, seed):
    X, y = data.circle(n, noise=noise, rng=np.random.default_rng(seed))
    radius = np.hypot(*X.T)
    assert ((radius < 2.5 + 1e-12) | (radius > 3.5 - 1e-12)).all()
    assert radius.max() < 5 + 1e-12
    # A shift of at most 5·noise in x and y can't carry a point further than this.
    assert (abs(radius - 2.5)[(radius < 2.5) != y] <= 5 * noise * np.sqrt(2) + 1e-12).all()


@given(n=sizes, noise=noises, seed=seeds)
def test_xor_keeps_off_the_axes(n, noise, seed):
    X, y = data.xor(n, noise=noise, rng=np.random.default_rng(seed))
    assert (abs(X) >= 0.3).all()
    assert (abs(X) <= 5.3).all()
    flipped = (X.prod(axis=1) > 0) != y
    assert (abs(X).min(axis=1)[flipped] <= 5 * noise).all()


@pytest.mark.parametrize(("noise", "variance"), [(0, 0.5), (0.1, 1.2), (0.5, 4)])
def test_gaussians_have_the_documented_centres_and_variance(noise, variance):
    X, y = data.gaussians(20_000, noise=noise, rng=np.random.default_rng(1))
    for label, centre in [(1, 2), (0, -2)]:
        assert np.allclose(X[y == label].mean(axis=0), centre, atol=0.1)
        assert np.allclose(X[y == label].var(axis=0), variance, rtol=0.05)


@given(half=st.integers(1, 30), seed=seeds)
def test_a_spirals_arms_are_each_other_turned_by_half(half, seed):
    X, y = data.spiral(2 * half, rng=np.random.default_rng(seed))
    arms = [points[np.argsort(np.hypot(*points.T))] for points in (X[y == 1], -X[y == 0])]
    assert np.allclose(*arms, atol=1e-12)
    along = np.arange(half) / half
    turns = np.stack([np.sin(3.5 * np.pi * along), np.cos(3.5 * np.pi * along)], axis=1)
    assert np.allclose(arms[0], 5 * along[:, None] * turns, atol=1e-12)


@given(n=sizes, seed=seeds)
def test_moons_are_half_circles(n, seed):
    X, y = data.moons(n, rng=np.random.default_rng(seed))
    upper, lower = X[y == 0], X[y == 1] - [1, 0.5]
    assert np.allclose(np.hypot(*upper.T), 1)
    assert (upper[:, 1] > -1e-12).all()
    assert np.allclose(np.hypot(*lower.T), 1)
    assert (lower[:, 1] < 1e-12).all()


def test_a_perceptron_separates_the_gaussians_but_not_the_circle():
    rng = np.random.default_rng(0)
    for cloud, separable in [(data.gaussians, True), (data.circle, False)]:
        X, y = cloud(100, rng=rng)
        report = Perceptron(in_features=2).fit(X, 2 * y - 1, max_epochs=100)
        assert report.converged == separable


@clouds
@pytest.mark.parametrize(
    ("n", "noise", "rng", "error", "message"),
    [
        (1, 0, np.random.default_rng(0), ValueError, "n must be at least 2.*got 1; raise it"),
        (2.5, 0, np.random.default_rng(0), TypeError, "float"),
        (9, -1, np.random.default_rng(0), ValueError, "not negative, got -1; try"),
        (9, np.nan, np.random.default_rng(0), ValueError, "finite.*got nan; try"),
        (9, 0, 42, TypeError, "numpy.random.Generator, got int; pass numpy.random.default_rng"),
    ],
)
def test_a_clouds_bad_arguments_get_a_clear_error(cloud, n, noise, rng, error, message):
    with pytest.raises(error, match=message):
        cloud(n, noise=noise, rng=rng)


def test_digits_are_the_1797_images_of_the_uci_table():
    images, labels = data.digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.float64
    assert labels.shape == (1797,)
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.min() == 0
    assert images.max() == 1
    assert (images * 16).sum() == 561_718
    assert (images[0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_digits_are_fresh_arrays_every_time():
    data.digits()[0][:] = 0
    assert data.digits()[0].any()


def test_shipped_files_are_small_and_carry_their_licence():
    files = resources.files("nets.data")
    assert len(files.joinpath("digits.npz").read_bytes()) < 120_000
    assert "CC BY 4.0" in files.joinpath("LICENSE-digits.txt").read_text(encoding="ascii")


def test_the_digits_fixed_split_has_1442_and_355_images():
    images, labels = data.digits()
    (X_train, y_train), (X_test, y_test) = data.split(images, labels)
    assert X_train.shape == (1442, 8, 8)
    assert X_test.shape == (355, 8, 8)
    assert (np.bincount(y_test) == np.bincount(labels) // 5).all()
    assert (np.bincount(y_train) + np.bincount(y_test) == np.bincount(labels)).all()


@given(
    y=st.lists(st.integers(0, 3), max_size=50),
    every=st.integers(2, 7),
    seed=st.none() | seeds,
)
def test_a_split_is_a_stratified_partition_that_its_seed_determines(y, every, seed):
    assume(not y or max(map(y.count, y)) >= every)

    def parts():
        rng = None if seed is None else np.random.default_rng(seed)
        return data.split(np.arange(len(y)), y, every=every, rng=rng)

    (X_train, y_train), (X_test, y_test) = parts()
    assert sorted([*X_train, *X_test]) == list(range(len(y)))
    assert [y[i] for i in X_train] == y_train.tolist()
    assert [y[i] for i in X_test] == y_test.tolist()
    for label in set(y):
        assert (y_test == label).sum() == y.count(label) // every
    assert X_test.tolist() == parts()[1][0].tolist()


def test_a_splits_bad_arguments_get_a_clear_error():
    with pytest.raises(ValueError, match=r"one label per example, got shapes \(3,\) and \(2,\);"):
        data.split([1, 2, 3], [0, 1])
    with pytest.raises(ValueError, match="every must be at least 2, got 1;"):
        data.split([1, 2], [0, 1], every=1)


def test_the_text_is_as_documented():
    string = data.text()
    assert len(string) == 56_999
    assert len(set(string)) == 65
    assert string.isascii()
    assert "\r" not in string
    assert "'Curiouser and curiouser!' cried Alice" in string


@given(st.text(), st.data())
def test_decode_undoes_encode(string, draw):
    vocabulary = data.Vocabulary(string)
    part = draw.draw(st.text(st.sampled_from(string)) if string else st.just(""))
    numbers = vocabulary.encode(part)
    assert numbers.shape == (len(part),)
    assert numbers.dtype == np.int64
    assert vocabulary.decode(numbers) == part
    assert vocabulary.encode(vocabulary.characters).tolist() == list(range(len(vocabulary)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: v.encode("ax"), "one of 'abc', got 'x'; build"),
        (lambda v: v.decode([0, 3]), r"0 to 2, got \[0, 3\]; pass"),
        (lambda v: v.decode([-1]), r"0 to 2, got \[-1\]"),
        (lambda v: v.decode([0.5]), r"0 to 2, got \[0.5\]"),
        (lambda v: v.decode([[0]]), r"0 to 2, got \[\[0\]\]"),
    ],
)
def test_a_vocabularys_unknown_characters_and_numbers_get_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call(data.Vocabulary("cab"))
