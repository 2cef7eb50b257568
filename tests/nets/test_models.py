"""The whole networks, and the distortion of the images that one of them learns from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nets import Residual, cross_entropy
from nets.data import digits
from nets.data.augmentation import distort
from nets.layers.normalisation import LayerNorm
from nets.models import CharacterTransformer, DigitsNetwork
from nets.tasks import bigram_loss

seeds = st.integers(0, 2**32)


def transformer(context=6):
    return CharacterTransformer(5, context, 8, 2, 1, rng=np.random.default_rng(0))


def test_the_digits_network_is_convolutional_residual_and_normalised():
    model = DigitsNetwork(rng=np.random.default_rng(0))
    kinds = {type(module).__name__ for _, module in model.named_modules()}
    assert {"Conv2d", "Residual", "LayerNorm"} <= kinds
    assert sum(isinstance(m, Residual) for _, m in model.named_modules()) == 2
    assert sum(isinstance(m, LayerNorm) for _, m in model.named_modules()) == 5


def test_the_digits_network_in_float32_stays_in_float32():
    model = DigitsNetwork(2, rng=np.random.default_rng(0)).astype(np.float32)
    logits = model(np.ones((3, 8, 8), np.float32))
    assert (logits.shape, logits.dtype) == ((3, 10), np.float32)
    (logits * logits).sum().backward()
    assert all(p.grad.any() and p.grad.dtype == np.float32 for p in model.parameters())


@pytest.mark.parametrize(
    ("model", "examples", "targets"),
    [
        (DigitsNetwork(1, rng=np.random.default_rng(0)), digits()[0][:1], [3]),
        (
            CharacterTransformer(3, 4, 4, 2, 1, rng=np.random.default_rng(0)),
            [[2, 0, 1]],
            [[0, 1, 2]],
        ),
    ],
)
def test_the_whole_networks_agree_with_their_scalarized_selves(model, examples, targets):
    scalars = model.scalarize()
    losses = [cross_entropy(m(examples), targets) for m in (model, scalars)]
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-12)
    for loss in losses:
        loss.backward()
    gradients = {name: p.grad for name, p in scalars.named_parameters()}
    for name, parameter in model.named_parameters():
        for place, expected in np.ndenumerate(parameter.grad):
            found = gradients[f"{name}[{','.join(map(str, place))}]"]
            assert (found or 0.0) == pytest.approx(expected, abs=1e-12)


@given(text=st.lists(st.integers(0, 4), min_size=2, max_size=6), place=st.data())
def test_a_transformer_sees_no_character_of_the_future(text, place):
    at = place.draw(st.integers(1, len(text) - 1))
    other = [*text[:at], (text[at] + 1) % 5, *text[at + 1 :]]
    model = transformer()
    before, after = model([text]).data[0], model([other]).data[0]
    assert np.allclose(before[:at], after[:at], rtol=0, atol=1e-12)
    assert not np.allclose(before[at], after[at])


def test_a_transformers_context_is_its_limit():
    with pytest.raises(ValueError, match="at most 6 characters fit, got 7; pass the last ones"):
        transformer()(np.zeros((1, 7), int))


def test_generated_text_goes_on_beyond_the_context_as_its_seed_decides():
    def written(seed):
        return transformer().generate([1, 2], 20, rng=np.random.default_rng(seed)).tolist()

    assert written(0)[:2] == [1, 2]
    assert len(written(0)) == 22
    assert set(written(0)) <= set(range(5))
    assert written(0) == written(0) != written(1)


def test_characters_are_drawn_as_often_as_they_are_predicted():
    model = transformer()
    logits = model([[3]]).data[0, -1]
    predicted = np.exp(logits) / np.exp(logits).sum()
    rng = np.random.default_rng(0)
    drawn = [model.generate([3], 1, rng=rng)[1] for _ in range(1000)]
    assert np.allclose(np.bincount(drawn, minlength=5) / 1000, predicted, atol=0.06)


def test_the_bigram_loss_is_the_entropy_of_what_follows():
    text = np.array([0, 1, 0, 2] * 100)
    follows = text[:-1], text[1:]
    assert bigram_loss(text, follows, 3, smoothing=1e-9) == pytest.approx(np.log(2) / 2, abs=0.01)


# --- distorted images -------------------------------------------------------------------------

images = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(2, 8), st.integers(2, 8)),
    elements=st.floats(0, 1, width=32),
)
NONE = {"turn": 0.0, "scale": 0.0, "shear": 0.0, "shift": 0.0}


@given(images=images, seed=seeds)
def test_a_distortion_keeps_shape_dtype_and_range_and_its_seed_decides_it(images, seed):
    a, b = (distort(images, np.random.default_rng(seed)) for _ in range(2))
    assert (a.shape, a.dtype) == (images.shape, np.float32)
    assert a.min() >= 0
    assert a.max() <= images.max() + 1e-6
    assert a.tobytes() == b.tobytes()


@given(images=images, seed=seeds)
def test_no_distortion_is_the_identity(images, seed):
    assert np.allclose(distort(images, np.random.default_rng(seed), **NONE), images, atol=1e-6)


class Constant:
    """In place of a generator: every number is at one place of its interval."""

    def __init__(self, place):
        self.place = place

    def uniform(self, low, high, size):
        return np.full(size, low + self.place * (high - low))


def test_a_shift_by_a_pixel_moves_every_pixel_and_lets_zeros_in():
    image = np.arange(1.0, 10.0).reshape(1, 3, 3)
    moved = distort(image, Constant(1), **{**NONE, "shift": 1.0})
    assert moved.tolist() == [[[5, 6, 0], [8, 9, 0], [0, 0, 0]]]


def test_a_turn_by_a_right_angle_is_numpys():
    image = np.arange(1.0, 10.0).reshape(1, 3, 3)
    turned = distort(image, Constant(1), **{**NONE, "turn": np.pi / 2})
    assert any(np.allclose(turned[0], np.rot90(image[0], k)) for k in (1, -1))
    back = distort(turned, Constant(0), **{**NONE, "turn": np.pi / 2})
    assert np.allclose(back, image)


def test_scale_zooms_about_the_centre():
    image = np.zeros((1, 5, 5))
    image[0, 0, 0] = image[0, 2, 2] = 1
    zoomed = distort(image, Constant(0), **{**NONE, "scale": 0.5})
    assert zoomed[0, 2, 2] == 1
    assert zoomed[0, 0, 0] == 0
