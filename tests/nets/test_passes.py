"""`fit` replays what is steady, and comes to the same numbers as where it records each step."""

import itertools
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nets
from nets import MLP, SGD, Adam, AdamW, Module, Sequential, accuracy, fit
from nets.data import circle, truth_table
from nets.layers.carriers import numbers
from nets.models import CharacterTransformer, DigitsNetwork
from nets.tasks import MODELS, task
from nets.train import training
from nets.train.passes import Passes, is_steady
from nets.train.schedules import cosine, warm_up


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    """What was called of `Passes`, in order."""
    found = []

    def noting(name, method):
        def noted(*arguments):
            found.append(name)
            return method(*arguments)

        return noted

    for name in ("record", "replay", "record_again"):
        monkeypatch.setattr(Passes, name, noting(name, getattr(Passes, name)))
    return found


def trained(make, compile, pays=1, **more):
    """What a training comes to: the final state, the history, what the generators draw next."""
    model, data, keywords = make()
    rng = keywords["rng"]
    with patch.object(training, "PAYS", pays):
        history = fit(model, data, compile=compile, **{**keywords, **more})
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
    held = [vars(m)["rng"] for _, m in model.named_modules() if "rng" in vars(m)]
    return model.state_dict(), rows, [g.random() for g in (rng, *held)], history.stopped


def assert_same(one, other, tolerance):
    (state, rows, drawn, stopped), (state2, rows2, drawn2, stopped2) = one, other
    assert drawn == drawn2 and stopped == stopped2 and len(rows) == len(rows2)
    for row, row2 in zip(rows, rows2, strict=True):
        assert row.keys() == row2.keys()
        assert row == pytest.approx(row2, rel=tolerance, abs=tolerance)
    for name, array in state.items():
        assert np.allclose(array, state2[name], rtol=tolerance, atol=tolerance), name


def from_task(name, kind, examples, epochs):
    """As `python -m nets` trains, on a part of the examples."""

    def make():
        rng = np.random.default_rng(0)
        chosen = task(name, rng, kind)
        schedule = warm_up(cosine(chosen.lr, 20), 3)
        return (
            chosen.model,
            tuple(np.asarray(part)[:examples] for part in chosen.train),
            {
                "loss": chosen.loss,
                "optimiser": AdamW(chosen.model.parameters(), schedule),
                "epochs": epochs,
                "rng": rng,
                "batch_size": chosen.batch_size,
                "metrics": {"accuracy": accuracy},
                "augment": chosen.augment,
                "max_norm": 1.0,
            },
        )

    return make


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kinds in MODELS.items() for kind in kinds]
)
def test_every_task_is_learned_the_same(name, kind, calls):
    make = from_task(name, kind, 100, 3)
    eager = trained(make, compile=False)
    assert set(calls) == {"record"}
    calls.clear()
    replayed = trained(make, compile=True)
    batches = -(-100 // make()[2]["batch_size"])
    assert calls.count("record") == (2 if batches > 1 else 1)  # one of each size
    assert calls.count("replay") == 3 * batches - calls.count("record")
    assert "record_again" not in calls
    assert_same(eager, replayed, 1e-4 if name in ("digits", "text") else 1e-10)


# --- any model, data and settings -------------------------------------------------------------

WIDTH = 3
LAYERS = {
    "linear": lambda rng: nets.Linear(WIDTH, WIDTH, rng=rng),
    "relu": lambda rng: nets.ReLU(),
    "tanh": lambda rng: autograd.tanh,
    "gelu": lambda rng: partial(nets.functional.gelu, approximate="tanh"),
    "sin": lambda rng: np.sin,
    "leaky": lambda rng: nets.LeakyReLU(),
    "layer norm": lambda rng: nets.LayerNorm(WIDTH),
    "batch norm": lambda rng: nets.BatchNorm(WIDTH),
    "dropout": lambda rng: nets.Dropout(0.4, rng=rng),
    "own dropout": lambda rng: nets.Dropout(0.2, rng=np.random.default_rng(5)),
    "residual": lambda rng: nets.ResidualBlock(WIDTH, autograd.tanh, rng=rng),
}
OPTIMISERS = {
    "sgd": lambda p: SGD(p, 0.05, 0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: Adam(p, warm_up(cosine(0.02, 8), 2)),
    "adamw": lambda p: AdamW(p, 0.02, weight_decay=0.1),
}
LOSSES = {
    "cross_entropy of classes": (nets.cross_entropy, lambda rng, n: rng.integers(0, WIDTH, n)),
    "cross_entropy of small integers": (
        nets.cross_entropy,
        lambda rng, n: rng.integers(0, WIDTH, n).astype(np.uint8),
    ),
    "cross_entropy of distributions": (
        nets.cross_entropy,
        lambda rng, n: rng.dirichlet(np.ones(WIDTH), n),
    ),
    "log_loss of integers": (nets.log_loss, lambda rng, n: rng.integers(0, 2, (n, WIDTH))),
    "log_loss of booleans": (nets.log_loss, lambda rng, n: rng.random((n, WIDTH)) < 0.5),
    "hinge": (nets.hinge, lambda rng, n: rng.choice([-1, 1], (n, WIDTH))),
    "squares": (nets.mean_squared_error, lambda rng, n: rng.normal(size=(n, WIDTH))),
    "sum": (nets.sum_of_squared_errors, lambda rng, n: rng.normal(size=(n, WIDTH))),
}
INPUTS = {
    "floats": lambda rng, n: rng.normal(size=(n, WIDTH)),
    "integers": lambda rng, n: rng.integers(-2, 3, (n, WIDTH)),
    "tokens": lambda rng, n: rng.integers(0, 4, n),
}


@st.composite
def settings(draw):
    layers = draw(st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=4))
    loss, inputs, optimiser = (
        draw(st.sampled_from(sorted(table))) for table in (LOSSES, INPUTS, OPTIMISERS)
    )
    single, validated = draw(st.booleans()), draw(st.booleans())
    n, batch_size = draw(st.sampled_from([(12, 4), (14, 4), (10, 5), (6, 8), (9, 3)]))
    max_norm, epochs = draw(st.sampled_from([None, 0.1])), draw(st.integers(2, 4))

    def make():
        rng = np.random.default_rng(1)
        first = (
            nets.Embedding(4, WIDTH, rng=rng)
            if inputs == "tokens"
            else nets.Linear(WIDTH, WIDTH, rng=rng)
        )
        model = Sequential(first, *(LAYERS[name](rng) for name in layers))
        X, y = INPUTS[inputs](rng, n), LOSSES[loss][1](rng, n)
        if single:
            model = model.astype(np.float32)
            X, y = (a.astype(np.float32) if a.dtype == np.float64 else a for a in (X, y))
        keywords = {
            "loss": LOSSES[loss][0],
            "optimiser": OPTIMISERS[optimiser](model.parameters()),
            "rng": rng,
            "batch_size": batch_size,
            "max_norm": max_norm,
            "epochs": epochs,
        }
        if validated:
            keywords |= {"validation": (X, y), "patience": 1}
        return model, (X, y), keywords

    make.single = single
    return make


@given(settings())
def test_any_training_comes_to_the_same(make):
    eager, replayed = (trained(make, compile) for compile in (False, True))
    assert_same(eager, replayed, 1e-3 if make.single else 1e-9)


@given(settings())
def test_the_loss_and_the_gradients_of_a_step_are_the_same(make):
    """To 1e-13 of the largest gradient, of float32 to 1e-5; the random numbers are the same."""
    model, (X, y), keywords = make()
    parameters = model.parameters()
    held = [vars(m)["rng"] for _, m in model.named_modules() if "rng" in vars(m)]
    passes = Passes(model, keywords["loss"], parameters, held)
    tolerance = 1e-5 if make.single else 1e-13
    for rows in (slice(0, 3), slice(3, 6)):
        value, outputs = passes.replay(X[rows], y[rows])
        gradients = [parameter.grad for parameter in parameters]
        expected, expected_outputs = passes.record_again(X[rows], y[rows])
        assert value == pytest.approx(expected.item(), rel=tolerance)
        largest = np.abs(outputs).max()
        assert np.allclose(outputs, numbers(expected_outputs), 0, tolerance * largest)
        largest = max(1.0, *(np.abs(p.grad).max() for p in parameters if p.grad is not None))
        for parameter, gradient in zip(parameters, gradients, strict=True):
            assert (parameter.grad is None) == (gradient is None)
            if gradient is not None:
                assert np.allclose(gradient, parameter.grad, 0, tolerance * largest)


class Interrupted(Exception):
    pass


def interrupting(calls):
    """An `augment` that does nothing, and raises at a certain call."""
    count = itertools.count()

    def augment(inputs, rng):
        if next(count) == calls:
            raise Interrupted
        return inputs

    return augment


@given(settings(), st.integers(1, 16), st.integers(1, 3), st.integers(1, 4))
def test_it_is_resumed_with_the_same_bits(tmp_path_factory, make, calls, every, pays):
    path = tmp_path_factory.mktemp("run") / "checkpoint.npz"
    expected, _, drawn, _ = trained(make, True, pays)
    saving = {"checkpoint": path, "checkpoint_every": every}
    try:
        trained(make, True, pays, augment=interrupting(calls), **saving)
    except Interrupted:
        if not path.exists():
            return
    state, _, drawn_then, _ = trained(make, True, pays, resume=path)
    assert drawn == drawn_then
    assert all(state[name].tobytes() == array.tobytes() for name, array in expected.items())


# --- what is replayed, and when ---------------------------------------------------------------


def small(seed=0, n=20, model=None):
    rng = np.random.default_rng(seed)
    X, y = circle(n, rng=rng)
    model = model(rng) if model else MLP(2, 4, 1, activation=autograd.tanh, rng=rng)
    keywords = {
        "loss": nets.log_loss,
        "optimiser": Adam(model.parameters(), 0.02),
        "epochs": 4,
        "rng": rng,
        "batch_size": 8,
    }
    return model, (X, y[:, None]), keywords


def test_a_few_mini_batches_of_each_size_are_recorded_first(calls):
    trained(small, True, pays=3)
    r, p = "record", "replay"
    assert calls == [r, r, r, r, p, r, p, p, r, p, p, p]  # two whole ones an epoch, then the rest


def test_a_short_training_is_recorded_throughout(calls):
    model, data, keywords = small()
    fit(model, data, **keywords)
    assert set(calls) == {"record"}


class Doubling(Module):
    def __init__(self):
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return autograd.mul(x, 1.0 if self.calls % 2 else 2.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda model, loss: (Sequential(Doubling(), model), loss),
        lambda model, loss: (Sequential(lambda x: x, model), loss),
        lambda model, loss: (Sequential(partial(lambda x: x), model), loss),
        lambda model, loss: (
            MLP(2, 3, 1, activation=lambda z: z, rng=np.random.default_rng(0)),
            loss,
        ),
        lambda model, loss: (model, lambda outputs, targets: loss(outputs, targets)),
        lambda model, loss: (type("Own", (MLP,), {})(2, 1, rng=np.random.default_rng(0)), loss),
    ],
    ids=["module", "function", "partial", "activation", "loss", "subclass"],
)
def test_code_of_ones_own_runs_at_each_step(change):
    assert is_steady(small()[0], nets.log_loss)
    assert not is_steady(*change(small()[0], nets.log_loss))

    def make():
        model, data, keywords = small()
        model, loss = change(model, keywords["loss"])
        return model, data, keywords | {"loss": loss, "optimiser": Adam(model.parameters(), 0.02)}

    assert_same(trained(make, False), trained(make, True), 0)


def test_code_of_ones_own_that_is_steady_is_replayed():
    seen = []

    class Own(Module):
        steady = True

        def forward(self, x):
            seen.append(1)
            return autograd.mul(x, x)

    def loss(outputs, targets):
        return nets.mean_squared_error(outputs, targets)

    loss.steady = True

    def make():
        return small(model=lambda rng: Sequential(Own(), MLP(2, 3, 1, rng=rng)))

    assert is_steady(make()[0], loss)
    eager = trained(make, False, loss=loss)
    assert len(seen) == 12
    assert_same(eager, trained(make, True, loss=loss), 1e-10)
    assert len(seen) == 12 + 4  # one of each size, and one more to replay


def test_steadiness_is_declared_and_not_inherited():
    class Own(Module):
        steady = True

    class Other(Own):
        pass

    class Declared(Other, steady=True):
        pass

    found = [is_steady(kind(), nets.hinge) for kind in (Module, Own, Other, Declared)]
    assert found == [False, True, False, True]


def test_all_that_the_library_offers_declares_itself():
    offered = [getattr(nets, name) for name in nets.__all__]
    modules = [x for x in offered if isinstance(x, type) and issubclass(x, Module)]
    assert [kind.__name__ for kind in modules if not kind.steady] == ["Module"]
    functions = [getattr(nets.functional, name) for name in nets.functional.__all__]
    assert all(is_steady(nets.Tanh(), function) for function in functions)


@pytest.mark.parametrize(
    "activation", [autograd.tanh, autograd.softmax, autograd.Tensor.tanh, np.tanh, nets.Tanh()]
)
def test_what_the_engine_and_numpy_offer_is_steady(activation):
    model = MLP(2, 3, 1, activation=activation, rng=np.random.default_rng(0))
    assert is_steady(model, nets.hinge)


def test_a_fault_of_steady_code_is_not_swallowed():
    """It is no refusal to follow Tensors: whoever promised that it is steady must hear of it."""

    def loss(outputs, targets):
        return nets.log_loss(outputs, targets if isinstance(targets, np.ndarray) else 1 / 0)

    loss.steady = True
    with pytest.raises(ZeroDivisionError):
        trained(small, True, loss=loss)


def test_what_fails_to_be_replayed_is_recorded(calls):
    """A steady loss that treats its targets as an array, with random numbers drawn before."""

    def loss(outputs, targets):
        return nets.mean_squared_error(outputs, np.asarray(targets) + 1)

    loss.steady = True

    def make():
        return small(
            model=lambda rng: Sequential(nets.Dropout(0.5, rng=rng), MLP(2, 3, 1, rng=rng))
        )

    assert_same(trained(make, False, loss=loss), trained(make, True, loss=loss), 0)
    assert calls.count("record_again") == 1


def test_a_setting_that_changes_counts():
    def make():
        model, data, keywords = small(
            model=lambda rng: Sequential(nets.Dropout(0.1, rng=rng), MLP(2, 3, 1, rng=rng))
        )
        count = itertools.count()

        def augment(inputs, rng):
            number = next(count)
            if number == 5:
                vars(model)["0"].p = 0.8
            if number == 8:
                vars(model)["1"].layers.insert(1, nets.Linear(3, 3, rng=rng))
            return inputs

        return model, data, keywords | {"augment": augment}

    assert_same(trained(make, False), trained(make, True), 1e-10)


def test_whoever_observes_hears_of_every_node(calls):
    with autograd.observing(autograd.Observer()):
        trained(small, True)
    assert calls.count("record") == 12


def test_augmentation_to_another_shape_is_recorded(calls):
    def make():
        model, (X, y), keywords = small()
        keywords["augment"] = lambda inputs, rng: inputs[:, :2]
        return model, (np.hstack([X, X]), y), keywords

    assert_same(trained(make, False), trained(make, True), 0)
    assert set(calls) == {"record"}


def test_a_parameter_that_the_loss_does_not_reach_stays():
    def make():
        model, data, keywords = small()
        spare = autograd.Tensor([1.0])
        optimiser = AdamW([*model.parameters(), spare], 0.02, weight_decay=0.5)
        return model, data, keywords | {"optimiser": optimiser}

    model, data, keywords = make()
    with patch.object(training, "PAYS", 1):
        fit(model, data, **keywords)
    *_, spare = keywords["optimiser"].parameters
    assert spare.data == 1.0 and spare.grad is None
    assert_same(trained(make, False), trained(make, True), 1e-10)


def test_integers_that_float32_does_not_hold_are_recorded(calls):
    def make():
        rng = np.random.default_rng(0)
        model = MLP(1, 2, 1, rng=rng).astype(np.float32)
        X, y = np.ones((8, 1), np.float32), rng.integers(2**24, 2**26, (8, 1)) * 2 + 1
        optimiser = Adam(model.parameters(), 0.02)
        keywords = {"loss": nets.mean_squared_error, "optimiser": optimiser, "rng": rng}
        return model, (X, y), keywords | {"epochs": 3, "batch_size": 4}

    assert_same(trained(make, False), trained(make, True), 0)
    assert calls.count("record") == 12


def test_a_class_that_is_out_of_range_is_named():
    model, _, keywords = small(model=lambda rng: MLP(2, 3, rng=rng))
    classes = np.zeros(20, int)
    classes[3] = 3
    keywords |= {"loss": nets.cross_entropy, "batch_size": 2, "epochs": 1}
    with patch.object(training, "PAYS", 1), pytest.raises(ValueError, match="0 and 2, got 0 to 3"):
        fit(model, (np.ones((20, 2)), classes), **keywords)


# --- scalarized models ------------------------------------------------------------------------


@pytest.mark.parametrize("gate", ["and", "or", "xor"])
@pytest.mark.parametrize("loss", [nets.log_loss, nets.mean_squared_error, nets.hinge])
def test_a_scalarized_model_learns_a_gate_the_same(gate, loss, calls):
    def make():
        X, y = truth_table(gate)
        rng = np.random.default_rng(0)
        model = MLP(2, 3, 1, activation=autograd.tanh, rng=rng).scalarize()
        optimiser = SGD(model.parameters(), 0.5, 0.9)
        keywords = {"loss": loss, "optimiser": optimiser, "epochs": 6, "rng": rng, "batch_size": 3}
        y = 2 * y - 1 if loss is nets.hinge else y
        return model, (X, y[:, None]), keywords | {"metrics": {"accuracy": accuracy}}

    assert_same(trained(make, False), trained(make, True), 1e-10)
    assert "replay" in calls and "record_again" not in calls


def test_a_scalarized_classifier_picks_its_classes_in_replays(calls):
    def make():
        rng = np.random.default_rng(0)
        model = MLP(2, 3, rng=rng).scalarize()
        data = rng.normal(size=(7, 2)), rng.integers(0, 3, 7)
        keywords = {"loss": nets.cross_entropy, "optimiser": SGD(model.parameters(), 0.1)}
        return model, data, keywords | {"rng": rng, "epochs": 4, "batch_size": 3}

    assert_same(trained(make, False), trained(make, True), 1e-12)
    assert "replay" in calls and "record_again" not in calls


def test_a_scalarized_model_that_drops_numbers_is_recorded(calls):
    def make():
        rng = np.random.default_rng(0)
        model = Sequential(nets.Dropout(0.5, rng=rng), MLP(2, 3, rng=rng)).scalarize()
        held = vars(model)["0"].rng
        optimiser = SGD(model.parameters(), 0.1)
        keywords = {"loss": nets.cross_entropy, "optimiser": optimiser, "rng": held}
        data = rng.normal(size=(6, 2)), rng.integers(0, 3, 6)
        return model, data, keywords | {"epochs": 3, "batch_size": 3}

    assert_same(trained(make, False), trained(make, True), 0)
    assert calls.count("record_again") == 1


# --- trouble ----------------------------------------------------------------------------------


def test_a_replay_that_is_not_finite_names_the_first_bad_node():
    model, data, keywords = small(model=lambda rng: MLP(2, 1, rng=rng))
    keywords |= {"loss": nets.mean_squared_error, "optimiser": SGD(model.parameters(), lr=1e200)}
    with patch.object(training, "PAYS", 1), pytest.raises(ArithmeticError, match="mul made inf = "):
        fit(model, data, **keywords)


def test_a_replay_that_is_not_finite_is_explained_with_the_numbers_that_were_drawn(calls):
    """Only where the example is not dropped does the loss overflow."""
    rng = np.random.default_rng(1)  # the first few are dropped
    model = Sequential(nets.Dropout(0.9, rng=rng), nets.Linear(1, 1, rng=rng))
    X = np.full((400, 1), 1e200)
    keywords = {"loss": nets.mean_squared_error, "optimiser": SGD(model.parameters(), 0.0)}
    with patch.object(training, "PAYS", 1), pytest.raises(ArithmeticError, match="mul made inf"):
        fit(model, (X, X * 0), epochs=4, batch_size=1, rng=rng, **keywords)
    assert calls[-3:] == ["replay", "record_again", "record"]


def test_a_training_leaves_the_modes_and_the_last_gradients():
    model, data, keywords = small()
    with patch.object(training, "PAYS", 1):
        fit(model.eval(), data, **keywords)
    assert not model.training
    assert all(
        isinstance(p.grad, np.ndarray) and p.grad.flags.writeable for p in model.parameters()
    )


def test_the_networks_of_the_data_sets_are_steady():
    rng = np.random.default_rng(0)
    for model in (DigitsNetwork(rng=rng), CharacterTransformer(5, rng=rng), MLP(2, 1, rng=rng)):
        assert is_steady(model, nets.cross_entropy)
