"""The lecture's figures for the neurons before backpropagation, and what holds beyond them."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nets.data import truth_table
from nets.perceptron import McCullochPitts, Perceptron, Recurrence

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
integers = st.integers(-3, 3)


def trained(gate):
    X, y = truth_table(gate, labels=(-1, 1))
    perceptron = Perceptron(in_features=2)
    return perceptron, perceptron.fit(X, y), X, y


@pytest.mark.parametrize(
    ("gate", "weights", "threshold"),
    [("and", [1, 1], 2), ("or", [1, 1], 1)],
)
def test_mcculloch_pitts_computes_and_and_or(gate, weights, threshold):
    X, y = truth_table(gate)
    neuron = McCullochPitts(weights, threshold)
    assert (neuron(X) == y).all()
    assert [int(neuron(x)) for x in X] == y.tolist()


@given(st.lists(integers, min_size=2, max_size=2), integers)
def test_no_mcculloch_pitts_neuron_computes_xor(weights, threshold):
    X, y = truth_table("xor")
    assert (McCullochPitts(weights, threshold)(X) != y).any()


def test_mcculloch_pitts_fires_at_exactly_its_threshold():
    assert McCullochPitts([0.5, 0.25], 0.75)([1, 1]) == 1
    assert McCullochPitts([0.5, 0.25], np.nextafter(0.75, 1))([1, 1]) == 0


def test_a_neuron_shows_how_it_was_made():
    neuron = McCullochPitts([1, -1], 0.5)
    assert repr(neuron) == "McCullochPitts(weights=[1.0, -1.0], threshold=0.5)"
    assert repr(eval(repr(neuron))) == repr(neuron)


def test_sigma_of_zero_is_plus_one():
    assert Perceptron(in_features=3)([1, 2, 3]) == 1


def test_and_is_learned_in_11_updates_and_epoch_6_is_clean():
    perceptron, report, X, y = trained("and")
    assert perceptron.weights.tolist() == [4, 2]
    assert perceptron.bias == -6
    assert (report.updates, report.epochs, report.first_clean_epoch) == (11, 6, 6)
    assert report.converged
    assert report.recurrence is None
    assert (perceptron(X) == y).all()
    assert str(report) == "converged: epoch 6 is clean, after 11 updates"


def test_or_is_learned_in_5_updates_and_epoch_4_is_clean():
    perceptron, report, X, y = trained("or")
    assert perceptron.weights.tolist() == [2, 2]
    assert perceptron.bias == -2
    assert (report.updates, report.epochs, report.first_clean_epoch) == (5, 4, 4)
    assert (perceptron(X) == y).all()


def test_xor_never_converges_because_a_state_recurs():
    _, report, _, _ = trained("xor")
    assert not report.converged
    assert report.first_clean_epoch is None
    assert report.recurrence == Recurrence((-2, 0), 0, first_epoch=2, again_epoch=3)
    assert "never converges: w=(-2, 0), b=0 after epoch 2 recurs after epoch 3" in str(report)


def test_of_the_16_boolean_functions_only_xor_and_its_negation_are_not_learned():
    not_learned = []
    for y in itertools.product([-1, 1], repeat=4):
        report = Perceptron(in_features=2).fit(INPUTS, y)
        assert report.converged or report.recurrence is not None
        if not report.converged:
            not_learned.append(y)
    assert not_learned == [(-1, 1, 1, -1), (1, -1, -1, 1)]


def test_too_few_epochs_are_reported_as_undecided():
    report = Perceptron(in_features=2).fit(INPUTS, [-1, -1, -1, 1], max_epochs=2)
    assert not report.converged
    assert report.recurrence is None
    assert report.epochs == 2
    assert "undecided: 2 epochs" in str(report)


def test_a_second_fit_goes_on_from_the_learned_weights():
    perceptron, _, X, y = trained("and")
    again = perceptron.fit(X, y)
    assert (again.updates, again.first_clean_epoch) == (0, 1)


def test_a_report_is_immutable():
    report = trained("or")[1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.updates = 0


def test_the_given_weights_are_copied():
    weights = np.array([1.0, -1.0])
    perceptron = Perceptron(2, weights=weights)
    perceptron.fit(INPUTS, [-1, -1, -1, 1])
    assert weights.tolist() == [1, -1]


@given(
    X=st.lists(st.tuples(integers, integers), min_size=1, max_size=8),
    weights=st.tuples(integers, integers),
    bias=integers,
)
def test_linearly_separable_data_is_learned_within_novikoffs_bound(X, weights, bias):
    # Integer points lie at least ½ off the line w·x + b + ½ = 0 (in units of ‖(w, b + ½)‖).
    X = np.array(X)
    y = np.where(X @ weights + bias >= 0, 1, -1)
    perceptron = Perceptron(in_features=2)
    report = perceptron.fit(X, y, max_epochs=10_000)
    assert report.converged
    assert (perceptron(X) == y).all()
    radius2 = (X**2).sum(axis=1).max() + 1
    norm2 = sum(w**2 for w in weights) + (bias + 0.5) ** 2
    assert report.updates <= radius2 * norm2 / 0.5**2


@given(
    X=st.lists(st.tuples(*[st.floats(-1, 1, allow_subnormal=False)] * 3), min_size=1, max_size=6),
    y=st.lists(st.sampled_from([-1, 1]), min_size=6, max_size=6),
    order=st.sampled_from("CF"),
)
def test_converged_means_that_every_prediction_is_right(X, y, order):
    X, y = np.array(X, order=order), y[: len(X)]
    perceptron = Perceptron(in_features=3)
    report = perceptron.fit(X, y, eta=0.1, max_epochs=20)
    assert report.converged <= bool((perceptron(X) == y).all())


@given(x=st.tuples(integers, integers))
def test_contradictory_labels_recur(x):
    assert Perceptron(in_features=2).fit([x, x], [1, -1]).recurrence is not None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: p.fit(INPUTS, [0, 0, 0, 1]), ValueError, r"-1 or \+1, got 0; .* 2 \* y - 1"),
        (lambda p: p.fit(INPUTS, [1, 1, 1]), ValueError, r"shapes \(4, 2\) and \(3,\)"),
        (lambda p: p.fit([[0, 1], [1]], [1, 1]), ValueError, "X must be rectangular.*same width"),
        (lambda p: p.fit([[0, 1, 2]], [1]), ValueError, r"\(n, 2\).*got \(1, 3\)"),
        (lambda p: p.fit([[0, np.nan]], [1]), ValueError, "X must be finite, got nan; remove"),
        (lambda p: p.fit([[0, 1]], [np.nan]), ValueError, "y must be finite, got nan"),
        (lambda p: p.fit([[0, 1j]], [1]), TypeError, "X must be real numbers, got dtype complex"),
        (lambda p: p.fit([["a", "b"]], [1]), TypeError, "X must be real numbers, got dtype <U1"),
        (lambda p: p.fit(np.empty((0, 2)), []), ValueError, r"n ≥ 1 rows .*\(0, 2\)"),
        (lambda p: p.fit([0, 1], [1]), ValueError, r"shapes \(2,\) and \(1,\)"),
        (lambda p: p.fit(INPUTS, [1] * 4, eta=0), ValueError, "eta must be positive.*got 0"),
        (lambda p: p.fit(INPUTS, [1] * 4, eta=np.nan), ValueError, "eta must be .*got nan"),
        (lambda p: p.fit(INPUTS, [1] * 4, max_epochs=0), ValueError, "at least 1, got 0"),
        (lambda p: p.fit([[1e308, 0]] * 2, [-1, 1]), OverflowError, "stay finite.*scale X"),
        (lambda p: p([1, 2, 3]), ValueError, r"inputs must have shape \(2,\) or \(n, 2\)"),
        (lambda _: Perceptron(0), ValueError, "in_features must be at least 1, got 0"),
        (lambda _: Perceptron(3, weights=[1, 2]), ValueError, "got 2 for in_features=3"),
        (lambda _: Perceptron(1, bias=np.inf), ValueError, "bias must be finite, got inf"),
        (lambda _: Perceptron(1, bias=[1.0]), ValueError, r"bias must be one number.*\(1,\)"),
        (lambda _: McCullochPitts([], 1), ValueError, r"vector .*got shape \(0,\)"),
        (lambda _: McCullochPitts([1, 1], 1)([1, 2, 3]), ValueError, r"\(n, 2\).*got \(3,\)"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, error, message):
    with pytest.raises(error, match=message) as info:
        call(Perceptron(in_features=2))
    assert "\n" not in str(info.value)
    assert ";" in str(info.value), "the remedy is missing"
