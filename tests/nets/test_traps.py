"""Traps that learners fall into: each ends in the right result, or in an error with the remedy."""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor, Value
from nets import MLP, Linear, Module, Sequential, fit


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng(1).normal(size=(40, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(float)


def trained(model=None, data=None, **changes):
    model = MLP(2, 8, 1, rng=rng()) if model is None else model
    given = {
        "loss": nets.log_loss,
        "optimiser": nets.Adam(model.parameters(), lr=0.03),
        "epochs": 2,
        "rng": rng(),
    }
    return fit(model, (X, Y[:, None]) if data is None else data, **{**given, **changes})


# --- shapes that broadcast --------------------------------------------------------------------


@pytest.mark.parametrize("scores", [[[-1.0], [2.0], [3.0]], [-1.0, 2.0, 3.0]])
@pytest.mark.parametrize("labels", [[0, 1, 1], [-1, 1, 1]])
def test_accuracy_of_a_column_of_scores_with_a_row_of_labels(scores, labels):
    assert nets.accuracy(scores, labels) == 1.0
    assert nets.zero_one(scores, labels) == 0


def test_accuracy_of_one_hot_targets():
    scores = [[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]]
    assert nets.accuracy(scores, np.eye(3)[[1, 0, 2]]) == 1.0
    assert nets.accuracy(scores, np.eye(3)[[1, 1, 1]]) == pytest.approx(1 / 3)
    steps = np.stack([np.eye(3)[[1, 0, 2]]] * 2)  # of sequences
    assert nets.accuracy(np.stack([scores] * 2), steps) == 1.0
    several = np.array([[1, 1, 0], [0, 1, 1], [1, 1, 1]])  # labels that may hold together
    assert nets.accuracy(2.0 * several - 1, several) == 1.0


@pytest.mark.parametrize("compile", [False, True])
def test_outputs_of_a_column_with_targets_of_a_row(compile):
    """As in a loss of one's own, which would pair all with all."""
    with pytest.raises(ValueError, match=r"\(32, 1\) and \(32,\).*pass targets\[:, None\]"):
        trained(
            data=(X, Y),
            loss=lambda outputs, targets: ((outputs - targets) ** 2).mean(),
            compile=compile,
        )
    with pytest.raises(ValueError, match=r"pass targets\[:, None\]"):
        nets.evaluate(MLP(2, 1, rng=rng()), (X, Y), loss=nets.mean_squared_error)
    flat = Sequential(MLP(2, 1, rng=rng()), lambda z: autograd.reshape(z, shape=(-1,)))
    with pytest.raises(ValueError, match=r"\(32,\) and \(32, 1\).*pass targets\[..., 0\]"):
        trained(flat)


# --- labels out of a loss's range -------------------------------------------------------------


def test_labels_of_plus_and_minus_one_in_log_loss():
    with pytest.raises(ValueError, match=r"between 0 and 1, got -1 to 1; .*\(targets \+ 1\) / 2"):
        trained(data=(X, 2 * Y[:, None] - 1))


def test_labels_of_zero_and_one_in_hinge():
    with pytest.raises(ValueError, match=r"-1 or 1, got 0; of 0 and 1 make 2 \* targets - 1"):
        trained(loss=nets.hinge)
    with pytest.raises(ValueError, match="between -1 and 1, got 2 to 3"):
        nets.hinge([1.0, 2.0], [2, 3])


def test_classes_that_begin_at_one():
    with pytest.raises(ValueError, match="between 0 and 2, got 1 to 3; number them from 0"):
        nets.cross_entropy(np.zeros((3, 3)), [1, 2, 3])
    with pytest.raises(ValueError, match=r"between 0 and 1, got -1 to 1; each row"):
        nets.cross_entropy(np.zeros((1, 2)), [[-1.0, 1.0]])


@pytest.mark.parametrize("loss", [nets.cross_entropy, nets.log_loss, nets.hinge, nets.zero_one])
def test_labels_that_are_text(loss):
    with pytest.raises(ValueError, match=r"must be numbers, got text; number the classes.*unique"):
        loss(np.zeros(2) if loss is not nets.cross_entropy else np.zeros((2, 2)), ["cat", "dog"])


def test_labels_that_are_text_in_fit():
    for data in ((X, np.where(Y > 0, "cat", "dog")), (X.astype(str), Y[:, None]), (X, [None] * 40)):
        with pytest.raises(ValueError, match=r"data must be real numbers, got dtype .*np.unique"):
            trained(data=data)


# --- training nothing -------------------------------------------------------------------------


def test_an_optimiser_of_another_model():
    model = MLP(2, 8, 1, rng=rng())
    optimiser = nets.Adam(model.parameters())
    for other in (model.astype(np.float32), MLP(2, 8, 1, rng=rng())):
        with pytest.raises(ValueError, match="the optimiser must hold the model's parameters"):
            trained(other, optimiser=optimiser)


@pytest.mark.filterwarnings("ignore")
def test_a_loss_that_is_built_from_data():
    with pytest.raises(ValueError, match=r"got one that reaches none of them; .*\.data"):
        trained(loss=lambda outputs, targets: Tensor(outputs.data).sum() * 1.0)


def test_a_step_without_gradients_warns():
    optimiser = nets.SGD([Value(1.0)])
    with pytest.warns(UserWarning, match=r"no parameter has a gradient, .*loss.backward\(\)"):
        optimiser.step()


@pytest.mark.parametrize("make", [Value, lambda x: Tensor([x])])
def test_a_parameter_that_the_loss_did_not_reach_stays(make):
    a, b = make(1.0), make(2.0)
    optimiser = nets.SGD([a, b], lr=0.1)
    autograd.sum(a + b).backward()
    optimiser.step()
    kept = np.array(b.data)
    autograd.sum(a * 1.0).backward()
    optimiser.step()
    assert np.allclose(a.data, 0.8) and np.array_equal(b.data, kept)
    autograd.sum(a + b).backward()  # of which the gradients are the same numbers as before
    optimiser.step()
    assert np.allclose(b.data, 1.8)
    optimiser.step()  # once more with the same gradients, on purpose
    assert np.allclose(b.data, 1.7)


@pytest.mark.parametrize("clip", [1e9, 0.1])
def test_an_old_gradient_stays_old_where_it_is_looked_at_or_clipped(clip):
    a, b = Tensor([1.0, 1.0]), Tensor([2.0, 2.0])
    optimiser = nets.SGD([a, b], lr=0.1)
    autograd.sum(a + b).backward()
    optimiser.step()
    kept = b.data.tolist()
    for _ in range(2):
        assert b.grad is not None
        autograd.sum(a * 1.0).backward()
        nets.clip_grad_norm([a, b], clip)
        optimiser.step()
    assert b.data.tolist() == kept


# --- parameters in containers -----------------------------------------------------------------


class Held(Module):
    def __init__(self):
        self.weights = [Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]
        self.heads = {"mean": Linear(2, 1, rng=rng()), "scale": Tensor([0.5])}
        self.nested = [[Linear(2, 1, rng=rng())], (Linear(1, 1, rng=rng()),)]
        self.single = Value(2.0)

    def forward(self, x):
        hidden = autograd.add(autograd.mul(x, self.weights[0]), self.weights[1])
        y = self.heads["mean"](hidden) * self.heads["scale"] + self.nested[0][0](hidden)
        return self.nested[1][0](y) * self.single


def test_parameters_in_lists_and_dictionaries_are_learned_and_saved(tmp_path):
    model = Held()
    names = [name for name, _ in model.named_parameters()]
    assert names == [
        "weights.0", "weights.1", "heads.scale", "single", "heads.mean.weight", "heads.mean.bias",
        "nested.0.0.weight", "nested.0.0.bias", "nested.1.0.weight", "nested.1.0.bias",
    ]  # fmt: skip
    assert [p.label for p in model.parameters()] == names
    before = model.state_dict()
    trained(model)
    after = model.state_dict()
    assert sorted(before) == sorted(names)
    assert all(not np.array_equal(before[name], after[name]) for name in names)
    nets.save(model, tmp_path / "held.npz")
    other = Held()
    nets.load(other, tmp_path / "held.npz")
    assert np.array_equal(other(X).data, model(X).data)
    assert np.allclose(nets.layers.carriers.numbers(model.scalarize()(X[:3])), model(X[:3]).data)
    assert "weights" not in repr(model).splitlines()[0]


def test_results_in_a_list_are_no_parameters():
    model = Linear(2, 1, rng=rng())
    model.seen = []
    model.seen.append(model(X))
    model.constants = {"mean": np.ones(2)}
    assert list(model.state_dict()) == ["weight", "bias"]
    assert [name for name, _ in model.named_parameters()] == ["weight", "bias"]


# --- habits from PyTorch ----------------------------------------------------------------------


def test_zero_grad():
    w = Value(3.0)
    optimiser = nets.SGD([w], lr=0.1)
    for expected in (2.4, 1.92):
        optimiser.zero_grad()
        assert w.grad is None
        (w * w).backward()
        optimiser.step()
        assert w.data == pytest.approx(expected)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("accumulate", [2, 3, 100])
def test_mini_batches_in_parts_are_the_same_step(accumulate, compile):
    states, histories = [], []
    for parts in (1, accumulate):
        model = MLP(2, 8, 1, activation=autograd.tanh, rng=rng())
        metrics = {"accuracy": nets.accuracy}
        history = trained(
            model, epochs=8, batch_size=16, accumulate=parts, compile=compile, metrics=metrics
        )
        states.append(model.state_dict())
        histories.append(history)
    for name, array in states[0].items():
        np.testing.assert_allclose(states[1][name], array, rtol=1e-9, atol=1e-12)
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(histories[1][name], histories[0][name], rtol=1e-9)


def test_a_part_that_is_not_finite_ends_the_step():
    model = MLP(2, 8, 1, rng=rng())
    data = np.where(np.arange(40)[:, None] == 7, 1e200, X), Y[:, None]
    before = model.state_dict()
    with pytest.raises(ArithmeticError):
        trained(model, data, loss=nets.mean_squared_error, batch_size=40, accumulate=4)
    assert all(np.array_equal(x, model.state_dict()[name]) for name, x in before.items())


def test_a_parameter_that_no_part_reaches_stays():
    model = MLP(2, 8, 1, rng=rng())
    model.unused = Tensor([1.0])
    trained(model, accumulate=3)
    assert model.unused.data == 1.0


# --- numbers that mean something else ---------------------------------------------------------


@pytest.mark.parametrize("max_norm", [0, -1, math.nan])
def test_a_norm_that_is_no_bound(max_norm):
    with pytest.raises(ValueError, match="max_norm must be above 0"):
        trained(max_norm=max_norm)


def test_a_nan_is_never_the_best():
    rows = [{"val_loss": x} for x in (math.nan, 0.5, 0.25, math.nan)]
    assert nets.History(rows).best("val_loss") == 3
    assert nets.History(rows[:1]).best("val_loss") == 0
    losses = iter([math.nan, 0.5, math.nan, math.nan, math.nan])

    def loss(outputs, targets):
        if isinstance(outputs, autograd.Node):
            return nets.log_loss(outputs, targets)
        return next(losses)

    model, kept = MLP(2, 8, 1, rng=rng()), []
    history = trained(
        model, loss=loss, epochs=9, patience=2, validation=(X[:5], Y[:5, None]), compile=False,
        on_epoch=lambda history: kept.append(model.state_dict()),
    )  # fmt: skip
    assert len(history) == 4 and "that of epoch 2" in history.stopped
    assert all(np.array_equal(x, model.state_dict()[name]) for name, x in kept[1].items())


@pytest.mark.parametrize(
    "change", [{"metrics": {"accuracy": nets.accuracy}}, {"validation": (X[:5], Y[:5, None])}]
)
def test_resuming_with_other_measurements(tmp_path, change):
    trained(checkpoint=tmp_path / "c.npz")
    with pytest.raises(ValueError, match=r"with the settings it was begun with, measured=\[\]"):
        trained(resume=tmp_path / "c.npz", **change)


def test_validation_targets_of_another_shape_are_found_at_once():
    model = MLP(2, 8, 1, rng=rng())
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"validation targets.*\(1,\) each, got \(\)"):
        trained(model, validation=(X[:5], Y[:5]))
    assert all(np.array_equal(x, model.state_dict()[name]) for name, x in before.items())


def test_longer_sequences_to_validate_on():
    model = nets.CharacterTransformer(9, context=8, width=8, heads=2, depth=1, rng=rng())
    tokens = rng().integers(0, 9, (20, 5))
    longer = rng(1).integers(0, 9, (4, 9))
    history = trained(
        model, (tokens[:, :-1], tokens[:, 1:]), loss=nets.cross_entropy,
        validation=(longer[:, :-1], longer[:, 1:]),
    )  # fmt: skip
    assert len(history["val_loss"]) == 2


def test_splitting_continuous_targets():
    targets = rng().normal(size=20)
    (_, y_train), (_, y_test) = nets.data.split(range(20), targets)
    assert (len(y_train), len(y_test)) == (16, 4)
    with pytest.raises(ValueError, match="at least 5 examples for one to test on, got 20 classes"):
        nets.data.split(range(20), range(20))


def test_the_boundary_of_a_model_with_several_outputs():
    pytest.importorskip("matplotlib")
    for classes in (1, 2, 3):
        labels = (Y + (X[:, 0] > 1) if classes == 3 else Y).astype(int)
        axes = nets.plots.plot_boundary(MLP(2, classes, rng=rng()), X, labels)
        assert len(axes.collections) >= 2
    with pytest.raises(ValueError, match=r"points of shape \(n, 2\).*got shapes \(40, 3\)"):
        nets.plots.plot_boundary(MLP(3, 1, rng=rng()), np.ones((40, 3)), Y)


@pytest.mark.filterwarnings("ignore:the output is finite but a gradient is NaN")
def test_a_loss_that_the_learning_rate_makes_nan():
    model = MLP(2, 8, 8, 1, rng=rng())
    with pytest.raises(ArithmeticError) as failure:
        trained(
            model, loss=nets.mean_squared_error, epochs=200,
            optimiser=nets.SGD(model.parameters(), lr=30.0),
        )  # fmt: skip
    notes = " ".join(failure.value.__notes__)
    assert "the steps are too large; lower the learning rate, 30" in notes
    spoilt = MLP(2, 8, 1, rng=rng())
    spoilt.layers[0].weight.data = np.full((8, 2), 1e200)
    with pytest.raises(ArithmeticError) as failure:
        trained(spoilt, loss=nets.mean_squared_error)
    assert "learning rate" not in " ".join(failure.value.__notes__)


# --- poor errors ------------------------------------------------------------------------------


def test_padding_that_keeps_the_size():
    for size, dilation in ((3, 1), (5, 2), (4, 1)):
        layer = nets.Conv2d(1, 2, size, padding="same", dilation=dilation, rng=rng())
        assert layer(np.zeros((3, 1, 9, 7))).shape == (3, 2, 9, 7)
    with pytest.raises(ValueError, match="'same' at stride 1, got 'same' at stride 2"):
        nets.functional.conv1d(np.zeros((1, 5)), np.zeros((1, 1, 3)), stride=2, padding="same")
    with pytest.raises(ValueError, match="got 'valid'"):
        nets.functional.conv1d(np.zeros((1, 5)), np.zeros((1, 1, 3)), padding="valid")


def test_batch_norm_without_momentum_takes_the_mean_of_all_batches():
    norm = nets.BatchNorm(1, momentum=None)
    for batch in ([[1.0], [3.0]], [[5.0], [7.0]]):
        norm(batch)
    assert norm.running_mean == pytest.approx([4.0]) and norm.running_var == pytest.approx([2.0])


def test_the_signature_of_micrograd():
    assert [x.out_features for x in MLP(3, [4, 4, 1], rng=rng()).layers] == [4, 4, 1]
    with pytest.raises(ValueError, match="at least an input and an output"):
        MLP(3, rng=rng())


def test_modules_in_a_list():
    model = Sequential([Linear(2, 3, rng=rng()), autograd.tanh])
    assert len(model) == 2 and model[1] is autograd.tanh and model[-1] is autograd.tanh
    assert type(model[:1]) is Sequential and model[:1][0] is model[0]
    assert model(X).shape == (40, 3)


def test_a_class_as_activation():
    for make in (
        lambda: MLP(2, 3, 1, activation=nets.ReLU, rng=rng()),
        lambda: Sequential(nets.ReLU),
    ):
        with pytest.raises(TypeError, match=r"got the class ReLU; make one of it: ReLU\(\)"):
            make()
    with pytest.raises(TypeError, match="a function or a module, got str"):
        Sequential("relu")


def test_a_model_instead_of_its_parameters():
    with pytest.raises(TypeError, match=r"got a MLP; pass model.parameters\(\)"):
        nets.SGD(MLP(2, 1, rng=rng()))


def test_a_tensor_of_another_library():
    class Tensor:  # which has the same name
        shape, ndim = (2,), 1

    with pytest.raises(TypeError, match=r"got .*test_traps.*Tensor"):
        MLP(2, 1, rng=rng())(Tensor())


def test_a_state_that_numpy_cannot_hold():
    class Half:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("Got unsupported ScalarType BFloat16")

    model = Linear(2, 1, bias=False, rng=rng())
    with pytest.raises(
        ValueError, match=r"weight must be what NumPy can hold.*BFloat16.*float\(\)"
    ):
        model.load_state_dict({"weight": Half()})


def test_a_single_number_in_a_layer():
    with pytest.raises(ValueError, match=r"linear: x must have shape \(..., in_features\)"):
        Linear(1, 1, rng=rng())(2.0)


def test_a_last_batch_of_one():
    model = Sequential(
        Linear(2, 4, rng=rng()), nets.BatchNorm(4), nets.ReLU(), Linear(4, 1, rng=rng())
    )
    with pytest.raises(ValueError, match=r"fit\(drop_last=True\)"):
        trained(model, data=(X[:33], Y[:33, None]))
    history = trained(model, data=(X[:33], Y[:33, None]), drop_last=True)
    assert len(history) == 2 and all(map(math.isfinite, history["loss"]))


# --- hooks, progress, prediction --------------------------------------------------------------


def test_hooks_see_each_step_and_epoch_and_can_stop(tmp_path):
    steps, epochs = [], []
    trained(on_step=lambda *given: steps.append(given), on_epoch=lambda h: epochs.append(len(h)))
    assert [step for step, _ in steps] == [1, 2, 3, 4] and epochs == [1, 2]
    assert all(math.isfinite(loss) for _, loss in steps)
    file = tmp_path / "c.npz"
    by_step = trained(epochs=9, on_step=lambda step, loss: step == 3, checkpoint=file)
    assert np.load(file)["training/optimiser/steps"] == 3
    assert len(by_step) == 1 and by_step.stopped == "stopped by on_step after 3 steps"
    by_epoch = trained(epochs=9, on_epoch=lambda history: len(history) == 2)
    assert len(by_epoch) == 2 and by_epoch.stopped == "stopped by on_epoch after epoch 2"


def test_an_epoch_of_whole_mini_batches():
    history = trained(drop_last=True, batch_size=15, metrics={"ones": lambda o, t: 1.0})
    assert history["ones"] == pytest.approx([1.0, 1.0])
    small = trained(drop_last=True, batch_size=100)
    assert len(small) == 2


def test_lines_of_progress(monkeypatch, capsys):
    from nets.train import progress

    now = iter(np.arange(0.0, 100.0, 0.6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    trained(epochs=4)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("epoch 1/4: ")
    assert any(line.startswith("epoch 2/4: loss ") for line in lines)
    trained(epochs=4, progress=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress.time, "monotonic", lambda: 0.0)
    trained(epochs=4)
    assert capsys.readouterr().err == ""


def test_predictions_are_plain_and_leave_the_mode():
    model = Sequential(Linear(2, 8, rng=rng()), nets.Dropout(0.5, rng=rng()), nets.BatchNorm(8))
    found = nets.predict(model, X, batch_size=7)
    assert type(found) is np.ndarray and found.shape == (40, 8) and model.training
    assert np.array_equal(found, nets.predict(model, X)) or np.allclose(
        found, nets.predict(model, X)
    )
    assert nets.predict(model, X[:0]).shape == (0, 8)
    with pytest.raises(ValueError, match="must be examples of shape"):
        nets.predict(model, 3.0)


def test_a_confusion_matrix():
    assert nets.confusion_matrix([[1, 0, 0], [0, 1, 0], [0, 2, 1]], [0, 1, 2]).tolist() == [
        [1, 0, 0], [0, 1, 0], [0, 1, 0],
    ]  # fmt: skip
    assert nets.confusion_matrix([-1.0, 0.0, 2.0], [0, 1, 0]).tolist() == [[1, 1], [0, 1]]
    assert nets.confusion_matrix([[-1.0], [2.0]], [0, 1]).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="integers from 0 to 1"):
        nets.confusion_matrix([[1.0, 2.0]], [2])


def test_ignored_and_smoothed_classes():
    logits, classes = rng().normal(size=(5, 3)), np.array([0, 2, 1, -100, 2])
    kept = nets.cross_entropy(logits, classes, ignore_index=-100)
    assert kept == pytest.approx(nets.cross_entropy(logits[classes >= 0], classes[classes >= 0]))
    smooth = nets.cross_entropy(logits, np.abs(classes) % 3, label_smoothing=0.1)
    soft = 0.9 * np.eye(3)[np.abs(classes) % 3] + 0.1 / 3
    assert smooth == pytest.approx(nets.cross_entropy(logits, soft))
    with pytest.raises(ValueError, match="must lie in"):
        nets.cross_entropy(logits, classes, label_smoothing=2.0)
    with pytest.raises(ValueError, match="ignore_index=-100 must leave classes"):
        nets.cross_entropy(logits, np.full(5, -100), ignore_index=-100)


def test_groups_of_parameters_with_settings_of_their_own(tmp_path):
    def make():
        model = MLP(2, 8, 1, rng=rng())
        first, last = model.layers
        together = nets.Together(
            nets.SGD(first.parameters(), lr=0.1, momentum=0.9), nets.AdamW(last.parameters(), 0.01)
        )
        return model, together

    model, together = make()
    other, _ = make()
    apart = [
        nets.SGD(other.layers[0].parameters(), lr=0.1, momentum=0.9),
        nets.AdamW(other.layers[1].parameters(), 0.01),
    ]
    for _ in range(3):
        for m in (model, other):
            nets.log_loss(m(X), Y[:, None]).backward()
        together.step()
        for one in apart:
            one.step()
    assert all(np.array_equal(a, other.state_dict()[n]) for n, a in model.state_dict().items())
    assert "Together(SGD(" in repr(together) and together.steps == 3
    again = make()[1]
    again.load_state_dict(together.state_dict())
    assert again.steps == 3
    with pytest.raises(ValueError, match="none of 2 such optimisers"):
        again.load_state_dict({"7.steps": np.array(1)})
    with pytest.raises(ValueError, match="different parameters, got 2 with 4 in common"):
        nets.Together(nets.SGD(model.parameters()), nets.SGD(model.parameters()))
    whole, run = make()
    trained(whole, optimiser=run, epochs=4)
    begun, run = make()
    trained(begun, optimiser=run, epochs=2, checkpoint=tmp_path / "c.npz")
    resumed, run = make()
    trained(resumed, optimiser=run, epochs=4, resume=tmp_path / "c.npz")
    assert all(np.array_equal(a, resumed.state_dict()[n]) for n, a in whole.state_dict().items())


def test_rules_of_more_optimisers():
    for kind, options in (
        (nets.RMSprop, {}),
        (nets.RMSprop, {"momentum": 0.9, "weight_decay": 0.1}),
        (nets.Adagrad, {}),
        (nets.Adagrad, {"weight_decay": 0.1}),
    ):
        w = Value(3.0)
        optimiser = kind([w], lr=0.1, **options)
        for _ in range(200):
            (w * w).backward()
            optimiser.step()
        assert abs(w.data) < 3.0
        assert "lr=0.1" in repr(optimiser)


def test_no_warning_in_a_loop_as_pytorch_has_it():
    model = MLP(2, 4, 1, rng=rng())
    optimiser = nets.Adam(model.parameters())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            optimiser.zero_grad()
            nets.log_loss(model(X), Y[:, None]).backward()
            optimiser.step()
    assert optimiser.steps == 3 and "torch" not in sys.modules
