"""`Module`: the tree, its names, labels, text, state and traces."""

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor
from nets import Linear, Module, Sequential, trace_modules
from nets.layers.carriers import numbers


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class Tied(Module):
    """One weight under two names, and a buffer."""

    def __init__(self, rng):
        self.first = Linear(2, 2, bias=False, rng=rng)
        self.second = Linear(2, 2, rng=rng)
        self.second.weight = self.first.weight
        self.shift = np.array([1.0, 2.0])
        self.blocks = [Sequential(Linear(2, 2, rng=rng), nets.Tanh())]

    def forward(self, x):
        x = autograd.add(self.second(self.first(x)), self.shift)
        for block in self.blocks:
            x = block(x)
        return x


def test_names_follow_the_attributes(rng):
    model = Tied(rng)
    assert list(model.state_dict()) == [
        "shift",
        "first.weight",
        "second.weight",
        "second.bias",
        "blocks.0.0.weight",
        "blocks.0.0.bias",
    ]
    assert [path for path, _ in model.named_modules()] == [
        "",
        "first",
        "second",
        "blocks.0",
        "blocks.0.0",
        "blocks.0.1",
    ]


def test_a_shared_parameter_is_listed_once_and_stays_shared(rng):
    model = Tied(rng)
    assert [name for name, _ in model.named_parameters()] == [
        "first.weight",
        "second.bias",
        "blocks.0.0.weight",
        "blocks.0.0.bias",
    ]
    scalar = model.scalarize()
    assert scalar.first.weight is scalar.second.weight
    assert len(scalar.parameters()) == 4 + 2 + 4 + 2


def test_parameters_are_labelled_with_their_path_in_the_outermost_module(rng):
    model = nets.MLP(2, 3, 1, rng=rng)
    assert model.layers[0].weight.label == "layers.0.weight"
    outer = Sequential(model, nets.Sigmoid())
    assert [p.label for p in outer.parameters()] == [
        "0.layers.0.weight",
        "0.layers.0.bias",
        "0.layers.1.weight",
        "0.layers.1.bias",
    ]
    assert outer.scalarize().parameters()[1].label == "0.layers.0.weight[0,1]"


def test_repr_shows_the_tree_with_its_counts(rng):
    class Two(Module):
        def __init__(self):
            self.width, self.body = 2, Sequential(Linear(2, 1, bias=False, rng=rng), nets.ReLU())
            self.scale = Tensor([1.0])

    assert repr(Two()) == "\n".join(
        [
            "Two(width=2): 3 parameters",
            "  body: Sequential(): 2 parameters",
            "    0: Linear(in_features=2, out_features=1): 2 parameters",
            "    1: ReLU(): no parameters",
        ]
    )


def test_train_and_eval_reach_every_module(rng):
    model = Sequential(Sequential(nets.Dropout(0.5, rng=rng)), nets.BatchNorm(2))
    assert model.eval() is model
    assert not any(module.training for _, module in model.named_modules())
    assert all(module.training for _, module in model.train().named_modules())


# --- state ------------------------------------------------------------------------------------


def test_a_state_dict_is_a_copy(rng):
    model = Tied(rng)
    state = model.state_dict()
    state["shift"] += 1
    state["first.weight"] += 1
    assert model.shift.tolist() == [1, 2]
    assert not np.array_equal(model.first.weight.data, state["first.weight"])


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda state: state.pop("shift"), KeyError, "without \\['shift'\\]"),
        (lambda state: state.update(extra=np.ones(1)), KeyError, "unknown \\['extra'\\]"),
        (lambda state: state.update(shift=np.ones(3)), ValueError, "shift must hold real numbers"),
        (lambda state: state.update(shift=np.array(["a", "b"])), ValueError, "real numbers"),
        (lambda state: state.update(shift=np.array([1j, 0])), ValueError, "real numbers"),
    ],
)
@pytest.mark.parametrize("scalarized", [False, True])
def test_a_wrong_state_dict_changes_nothing(rng, spoil, error, says, scalarized):
    model = Tied(rng).scalarize() if scalarized else Tied(rng)
    before = model.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    spoil(state)
    with pytest.raises(error, match=says):
        model.load_state_dict(state)
    after = model.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_scalarized_state_moves_back(rng):
    model, scalar = Tied(rng), Tied(rng).scalarize()
    model.load_state_dict(scalar.state_dict())
    scalar.load_state_dict(model.state_dict())
    x = rng.normal(size=(3, 2))
    np.testing.assert_allclose(numbers(scalar(x)), model(x).data, rtol=1e-13)


def test_loading_makes_older_graphs_stale_not_wrong(rng):
    model = Linear(2, 1, rng=rng)
    loss = nets.mean_squared_error(model(np.ones((1, 2))), [[1.0]])
    model.load_state_dict(model.state_dict())
    with pytest.raises(autograd.StaleGraphError, match="assigned new data"):
        loss.backward()


# --- traces -----------------------------------------------------------------------------------


def test_a_trace_names_the_module_that_made_each_node(rng):
    model = Tied(rng)
    with trace_modules() as made_by:
        loss = nets.mean_squared_error(model(np.ones((1, 2))), np.zeros((1, 2)))
    found = {}
    for node in autograd.toposort(loss):
        if node in made_by:
            found.setdefault(made_by[node], []).append(node.op.name)
    assert {(call.path, call.kind.__name__): ops for call, ops in found.items()} == {
        ("first", "Linear"): ["transpose", "matmul"],
        ("second", "Linear"): ["transpose", "matmul", "add"],
        ("", "Tied"): ["add"],
        ("blocks.0.0", "Linear"): ["transpose", "matmul", "add"],
        ("blocks.0.1", "Tanh"): ["tanh"],
    }


def test_nothing_is_traced_outside_or_after_an_error(rng):
    model = Linear(2, 1, rng=rng)
    with pytest.raises(ValueError, match="inner dimensions"), trace_modules() as made_by:
        model(np.ones((1, 3)))
    before = len(made_by)
    model(np.ones((1, 2)))
    assert len(made_by) == before
    with trace_modules() as later:
        model(np.ones((1, 2)))
    assert {call.path for call in later.values()} == {""}


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="must define forward"):
        Module()(1.0)
