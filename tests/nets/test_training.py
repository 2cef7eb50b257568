"""`fit` does what a loop by hand does, and can be interrupted anywhere without a trace."""

import itertools
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nets
from nets import MLP, SGD, Adam, History, Module, accuracy, evaluate, fit, log_loss
from nets import mean_squared_error as mse
from nets.data import circle, truth_table
from nets.train.checkpoint import read_settings
from nets.train.saving import read_arrays, write_arrays
from nets.train.schedules import cosine, warm_up


def same(a, b):
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)


class Noisy(Module):
    """A module with a random generator and a buffer of its own, both of which must be resumed."""

    def __init__(self, rng):
        self.rng = rng
        self.calls = np.zeros(1)

    def forward(self, x):
        if self.training:
            self.calls += 1
            return autograd.mul(x, 1 + 0.1 * self.rng.normal(size=np.shape(x)))
        return x


def setup(seed=0, kind=Adam, bits=np.random.PCG64):
    """A model, its optimiser, data and the keywords that every training here has."""
    rng = np.random.Generator(bits(seed))
    X, y = circle(20, rng=rng)
    model = nets.Sequential(Noisy(np.random.default_rng(seed + 1)), MLP(2, 4, 1, rng=rng))
    optimiser = kind(model.parameters(), warm_up(cosine(0.05, 15), 3))
    keywords = {"loss": log_loss, "optimiser": optimiser, "rng": rng, "batch_size": 8}
    return model, (X, y[:, None]), keywords


class Interrupted(Exception):
    pass


def interrupting(loss, calls):
    """`loss`, which raises at a certain call."""
    count = itertools.count()

    def wrapped(outputs, targets):
        if next(count) == calls:
            raise Interrupted
        return loss(outputs, targets)

    return wrapped


# --- learning ---------------------------------------------------------------------------------


def test_an_mlp_with_one_hidden_layer_solves_xor():
    X, y = truth_table("xor")
    rng = np.random.default_rng(0)
    model = MLP(2, 4, 1, activation=autograd.tanh, rng=rng)
    data = X, y[:, None]
    fit(model, data, loss=log_loss, optimiser=Adam(model.parameters(), 0.05), epochs=200, rng=rng)
    assert evaluate(model, data, loss=log_loss, metrics={"accuracy": accuracy})["accuracy"] == 1


def test_fit_is_the_loop_one_would_write():
    model, (X, y), keywords = setup()
    history = fit(model, (X, y), epochs=3, **keywords)

    by_hand, _, keywords = setup()
    optimiser, rng = keywords["optimiser"], keywords["rng"]
    losses = []
    for _ in range(3):
        order = rng.permutation(20)
        total = 0.0
        for rows in (order[:8], order[8:16], order[16:]):
            loss = log_loss(by_hand(X[rows]), y[rows])
            loss.backward()
            optimiser.step()
            total += loss.item() * len(rows)
        losses.append(total / 20)
    assert same(model.state_dict(), by_hand.state_dict())
    assert history["loss"] == losses


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    def weights(seed):
        model, data, keywords = setup(seed)
        fit(model, data, epochs=2, **keywords)
        return model.state_dict()

    assert same(weights(0), weights(0))
    assert not same(weights(0), weights(1))


def test_validation_and_metrics_are_reported_and_leave_no_trace_in_the_training():
    model, data, keywords = setup()
    metrics = {"accuracy": accuracy}
    history = fit(model, data, epochs=2, validation=data, metrics=metrics, **keywords)
    assert list(history.rows[0]) == ["loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    found = evaluate(model, data, loss=log_loss, metrics=metrics, batch_size=7)
    assert history["val_loss"][-1] == pytest.approx(found["loss"], abs=1e-12)
    assert history["val_accuracy"][-1] == found["accuracy"]

    plain, data, keywords = setup()
    fit(plain, data, epochs=2, **keywords)
    assert same(model.state_dict(), plain.state_dict())


def test_modules_train_while_they_are_fitted_and_then_are_as_before():
    modes = []

    class Spy(Module):
        def forward(self, x):
            modes.append(self.training)
            return x

    model, data, keywords = setup()
    spy = Spy()
    model = nets.Sequential(spy, model).eval()
    spy.training = True
    fit(model, data, epochs=1, validation=data, **keywords)
    assert modes == [True, True, True, False]
    assert (model.training, spy.training) == (False, True)


def test_augmentation_draws_from_the_same_generator():
    def shifted(x, rng):
        return x + rng.normal(size=(len(x), 1))

    model, data, keywords = setup()
    fit(model, data, epochs=1, augment=shifted, **keywords)
    plain, data, keywords = setup()
    fit(plain, data, epochs=1, **keywords)
    assert not same(model.state_dict(), plain.state_dict())


def test_max_norm_bounds_a_step():
    model = MLP(1, 1, bias=False, rng=np.random.default_rng(0))
    before = model.state_dict()["layers.0.weight"]
    fit(
        model,
        ([[1e3]], [[1e6]]),
        loss=mse,
        optimiser=SGD(model.parameters(), lr=1.0),
        epochs=1,
        max_norm=0.5,
        rng=np.random.default_rng(0),
    )
    moved = model.state_dict()["layers.0.weight"] - before
    assert np.linalg.norm(moved) == pytest.approx(0.5)


def test_a_scalarized_model_is_trained_by_the_same_code():
    def trained(prepare):
        rng = np.random.default_rng(0)
        X, y = circle(6, rng=rng)
        model = prepare(MLP(2, 3, 1, activation=autograd.tanh, rng=rng))
        optimiser = Adam(model.parameters(), 0.1)
        fit(model, (X, y[:, None]), loss=log_loss, optimiser=optimiser, epochs=3, rng=rng)
        return model.state_dict()

    tensors, values = trained(lambda m: m), trained(MLP.scalarize)
    for name, array in tensors.items():
        assert np.allclose(array, values[name], rtol=0, atol=1e-12)


def test_a_parameter_without_a_gradient_stays():
    class Alternating(Module):
        def __init__(self):
            self.a, self.b = autograd.Tensor([1.0]), autograd.Tensor([1.0])
            self.calls = itertools.count()

        def forward(self, x):
            return autograd.mul(x, self.b if next(self.calls) else self.a)

    model = Alternating()
    optimiser, rng = SGD(model.parameters(), 0.1), np.random.default_rng(0)
    data = np.ones((3, 1)), np.zeros((3, 1))
    fit(model, data, loss=mse, optimiser=optimiser, epochs=1, batch_size=1, rng=rng)
    assert model.a.data == pytest.approx([0.8])


# --- early stopping ---------------------------------------------------------------------------


def overfitting():
    """One training example, another for validation: the loss of the latter falls, then rises."""
    model = MLP(1, 1, bias=False, rng=np.random.default_rng(0))
    model.load_state_dict({"layers.0.weight": [[0.0]]})
    keywords = {
        "loss": mse,
        "optimiser": SGD(model.parameters(), lr=0.05),
        "rng": np.random.default_rng(0),
        "validation": ([[1.0]], [[0.5]]),
        "patience": 3,
    }
    return model, ([[1.0]], [[1.0]]), keywords


def test_patience_ends_the_training_with_the_best_weights():
    model, data, keywords = overfitting()
    history = fit(model, data, epochs=100, **keywords)
    best = history.best("val_loss")
    assert len(history) == best + 3
    assert f"epoch {best}" in history.stopped
    found = evaluate(model, keywords["validation"], loss=mse)["loss"]
    assert found == min(history["val_loss"]) < history["val_loss"][-1]


def test_patience_is_resumed_with_the_best_weights(tmp_path):
    whole, data, keywords = overfitting()
    expected = fit(whole, data, epochs=100, **keywords)
    for epochs in (2, len(expected) - 1, len(expected)):
        model, data, keywords = overfitting()
        fit(model, data, epochs=epochs, checkpoint=tmp_path / "c.npz", **keywords)
        model, data, keywords = overfitting()
        history = fit(model, data, epochs=100, resume=tmp_path / "c.npz", **keywords)
        assert same(model.state_dict(), whole.state_dict())
        assert history["val_loss"] == expected["val_loss"]
        assert history.stopped == expected.stopped


# --- checkpoints ------------------------------------------------------------------------------


@given(
    calls=st.integers(1, 14),
    every=st.integers(1, 4) | st.none(),
    kind=st.sampled_from([Adam, SGD, lambda p, lr: SGD(p, lr, 0.9, nesterov=True)]),
    bits=st.sampled_from(
        [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM]
    ),
    suffix=st.sampled_from([".npz", ".safetensors"]),
)
def test_a_resumed_training_ends_with_the_same_bits(
    tmp_path_factory, calls, every, kind, bits, suffix
):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path_factory.mktemp("run") / f"checkpoint{suffix}"
    whole, data, keywords = setup(0, kind, bits)
    expected = fit(whole, data, epochs=5, **keywords)

    model, data, keywords = setup(0, kind, bits)
    keywords["loss"] = interrupting(log_loss, calls)
    with pytest.raises(Interrupted):
        fit(model, data, epochs=5, checkpoint=path, checkpoint_every=every, **keywords)
    if not path.exists():
        assert calls < min(3, every or 3)
        return
    model, data, keywords = setup(99, kind, bits)  # other weights and generators: all are replaced
    _, data, _ = setup(0, kind, bits)
    history = fit(model, data, epochs=5, resume=path, **keywords)
    assert same(model.state_dict(), whole.state_dict())
    assert history["loss"] == expected["loss"]


def test_a_finished_training_is_resumed_for_more_epochs(tmp_path):
    whole, data, keywords = setup()
    fit(whole, data, epochs=4, **keywords)
    model, data, keywords = setup()
    fit(model, data, epochs=2, checkpoint=tmp_path / "c.npz", **keywords)
    model, data, keywords = setup()
    assert len(fit(model, data, epochs=2, resume=tmp_path / "c.npz", **keywords)) == 2
    model, data, keywords = setup()
    fit(model, data, epochs=4, resume=tmp_path / "c.npz", **keywords)
    assert same(model.state_dict(), whole.state_dict())


def test_a_checkpoint_is_a_saved_model_too(tmp_path):
    model, data, keywords = setup()
    fit(model, data, epochs=1, checkpoint=tmp_path / "c.npz", settings={"note": "a"}, **keywords)
    other = setup(1)[0]
    nets.load(other, tmp_path / "c.npz")
    assert same(model.state_dict(), other.state_dict())
    assert read_settings(tmp_path / "c.npz") == {
        "examples": 20,
        "batch_size": 8,
        "drop_last": False,
        "measured": [],
        "note": "a",
        "epochs": 1,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k: k.update(batch_size=4), "begun with, batch_size=8, got batch_size=4; pass"),
        (lambda k: k.update(settings={"a": 2}), "begun with, a=1, got a=2; pass the same"),
        (lambda k: k.update(rng=np.random.Generator(np.random.SFC64(0))), "SFC64, PCG64; pass"),
        (lambda k: k.update(optimiser=SGD(k["optimiser"].parameters)), "names and shapes that SGD"),
    ],
)
def test_a_checkpoint_of_another_training_gets_a_clear_error_and_changes_nothing(
    tmp_path, change, message
):
    model, data, keywords = setup()
    keywords["settings"] = {"a": 1}
    fit(model, data, epochs=1, checkpoint=tmp_path / "c.npz", **keywords)
    model, data, keywords = setup(1)
    keywords["settings"] = {"a": 1}
    change(keywords)
    before = model.state_dict(), keywords["rng"].bit_generator.state
    with pytest.raises(ValueError, match=message):
        fit(model, data, epochs=2, resume=tmp_path / "c.npz", **keywords)
    assert same(model.state_dict(), before[0])
    assert repr(keywords["rng"].bit_generator.state) == repr(before[1])


def test_a_checkpoint_of_another_model_gets_a_clear_error(tmp_path):
    model, data, keywords = setup()
    fit(model, data, epochs=1, checkpoint=tmp_path / "c.npz", **keywords)
    arrays = read_arrays(tmp_path / "c.npz")
    write_arrays({**arrays, "1.layers.0.bias": np.ones(5)}, tmp_path / "c.npz")
    model, data, keywords = setup(1)
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"does not fit: 1\.layers\.0\.bias must .* shape \(4,\)"):
        fit(model, data, epochs=2, resume=tmp_path / "c.npz", **keywords)
    assert same(model.state_dict(), before)


def test_weights_alone_are_no_checkpoint(tmp_path):
    model, data, keywords = setup()
    nets.save(model, tmp_path / "model.npz")
    with pytest.raises(ValueError, match=r"must be a checkpoint .*weights alone; read it with"):
        fit(model, data, epochs=1, resume=tmp_path / "model.npz", **keywords)


SLOW_TRAINING = """
import sys, time
import numpy as np
from nets import MLP, SGD, fit, log_loss, save
from nets.data import circle

path, final, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
resume = sys.argv[4] if len(sys.argv) > 4 else None

def slowly(inputs, rng):
    time.sleep(pause)
    return inputs

rng = np.random.default_rng(0)
X, y = circle(20, rng=rng)
model = MLP(2, 4, 1, rng=rng)
optimiser = SGD(model.parameters(), 0.1, 0.9)
fit(model, (X, y[:, None]), loss=log_loss, optimiser=optimiser, epochs=6, batch_size=2, rng=rng,
    augment=slowly, checkpoint=path, checkpoint_every=1, resume=resume)
save(model, final)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of POSIX systems")
def test_a_training_that_is_killed_goes_on_to_the_same_bits(tmp_path):
    def command(final, pause, *resume):
        return [sys.executable, "-c", SLOW_TRAINING, "c.npz", final, pause, *resume]

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    options = {"cwd": tmp_path, "env": environment}
    running = subprocess.Popen(command("killed.npz", "0.05"), **options)
    while not (tmp_path / "c.npz").exists():
        assert running.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed.npz").exists()
    subprocess.run(command("resumed.npz", "0", "c.npz"), check=True, **options)
    subprocess.run(command("whole.npz", "0"), check=True, **options)
    resumed, whole = (read_arrays(tmp_path / name) for name in ("resumed.npz", "whole.npz"))
    assert same(resumed, whole)


# --- trouble ----------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_and_names_the_first_bad_node():
    model = MLP(1, 1, bias=False, rng=np.random.default_rng(0))
    model.load_state_dict({"layers.0.weight": [[1.0]]})

    def loss(outputs, targets):
        return autograd.sum(autograd.log(autograd.sub(outputs, targets)))

    optimiser, rng = SGD(model.parameters(), 0.1), np.random.default_rng(0)
    with pytest.raises(ArithmeticError, match="log made −inf") as info:
        fit(model, ([[1.0]], [[1.0]]), loss=loss, optimiser=optimiser, epochs=1, rng=rng)
    assert info.value.node.op.name == "log"
    assert "epoch 1" in info.value.__notes__[0]
    assert model.state_dict()["layers.0.weight"] == [[1.0]]


def test_a_gradient_that_is_not_finite_stops_before_it_spoils_the_weights():
    model = MLP(1, 1, bias=False, rng=np.random.default_rng(0))
    model.load_state_dict({"layers.0.weight": [[0.0]]})

    def loss(outputs, targets):
        return autograd.sum(autograd.sqrt(outputs))

    optimiser, rng = SGD(model.parameters(), 0.1), np.random.default_rng(0)
    with pytest.raises(ArithmeticError, match="sqrt"):
        fit(model, ([[1.0]], [[1.0]]), loss=loss, optimiser=optimiser, epochs=1, rng=rng)
    assert model.state_dict()["layers.0.weight"] == [[0.0]]


def test_data_that_are_not_finite_get_a_clear_error():
    model, (X, y), keywords = setup()
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="must be finite, got nan in example 3; remove"):
        fit(model, (X, y), epochs=1, **keywords)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0; raise it"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"patience": 0, "validation": ([1], [1])}, ValueError, "patience must be at least 1"),
        ({"patience": 1}, ValueError, "needs validation data to watch, got None; pass"),
        ({"checkpoint": "model.pt"}, ValueError, r"\.npz or \.safetensors, got '\.pt'; rename"),
        ({"checkpoint": "no/such/c.npz"}, ValueError, "folder must exist, got .*; make it"),
        ({"checkpoint_every": 3}, ValueError, "needs a file, got checkpoint=None; name one"),
        ({"rng": 0}, TypeError, r"got int; pass numpy.random.default_rng\(seed\)"),
        ({"resume": "nothing.npz"}, FileNotFoundError, r"nothing\.npz"),
    ],
)
def test_bad_arguments_get_a_clear_error_before_any_work(change, error, message):
    model, data, keywords = setup()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        fit(model, data, **{"epochs": 1, **keywords, **change})
    assert same(model.state_dict(), before)


@pytest.mark.parametrize("data", [([], []), ([1, 2], [1]), (1, 1)])
def test_bad_data_get_a_clear_error(data):
    model, _, keywords = setup()
    with pytest.raises(ValueError, match="n ≥ 1 examples and as many targets, got shapes"):
        fit(model, data, epochs=1, **keywords)


# --- showing ----------------------------------------------------------------------------------


def test_no_progress_bar_where_there_is_no_terminal(capsys):
    model, data, keywords = setup()
    fit(model, data, epochs=1, **keywords)
    assert capsys.readouterr() == ("", "")


def test_a_progress_bar_counts_batches_from_where_it_resumes(capsys, tmp_path):
    pytest.importorskip("tqdm")
    model, data, keywords = setup()
    fit(model, data, epochs=1, progress=True, checkpoint=tmp_path / "c.npz", **keywords)
    assert "3/3" in capsys.readouterr().err
    fit(model, data, epochs=2, progress=True, resume=tmp_path / "c.npz", **keywords)
    shown = capsys.readouterr().err
    assert "3/6" in shown
    assert "6/6" in shown


def test_a_missing_tqdm_gets_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    model, data, keywords = setup()
    with pytest.raises(ImportError, match=r"pip install 'gradwalk\[training\]'"):
        fit(model, data, epochs=1, progress=True, **keywords)


def test_a_history_is_a_table_of_columns():
    history = History([{"loss": 2.0}, {"loss": 1.0}, {"loss": 1.0}])
    assert history["loss"] == [2.0, 1.0, 1.0]
    assert history.best("loss") == 2
    assert len(str(history).splitlines()) == 4
    assert str(History()) == "no epoch yet"
    with pytest.raises(KeyError, match="'speed' was not measured; the history has: loss"):
        history["speed"]


def test_a_history_plots_its_losses():
    pytest.importorskip("matplotlib")
    axes = History([{"loss": 2.0, "val_loss": 3.0}, {"loss": 1.0, "val_loss": 2.5}]).plot()
    assert [line.get_ydata().tolist() for line in axes.lines] == [[2.0, 1.0], [3.0, 2.5]]
    (line,) = History([{"loss": 2.0}, {"loss": 1.0}]).plot().lines  # no validation
    assert line.get_ydata().tolist() == [2.0, 1.0]


def test_a_missing_matplotlib_gets_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="pip install"):
        History([{"loss": 1.0}]).plot()
