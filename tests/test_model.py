"""The model as a whole: shapes, starts, losses and scores."""

import math

import numpy as np
import pytest
from builders import TEXT, some_ids, tiny_model

from charrnn import CELLS, CharRNN, ModelConfig, UnknownSymbolError, Vocabulary, score
from charrnn.network.loss import cross_entropy, log_softmax, surprise
from charrnn.network.model import parameter_shapes, score_ids
from charrnn.network.parameters import Parameters


def test_parameters_are_views_of_one_vector():
    p = Parameters({"W": (2, 3), "b": (2,)})
    p["W"][1, 2] = 5
    p["b"][0] = 7
    assert p.vector.tolist() == [0, 0, 0, 0, 0, 5, 7, 0]
    assert p.vector.dtype == np.float32
    assert list(p) == ["W", "b"]
    assert len(p) == 2
    with pytest.raises(ValueError, match="8 numbers"):
        p.like(np.zeros(9))


def test_shapes_follow_the_cell():
    assert parameter_shapes(ModelConfig("gru", 4, 2), 7) == {
        "Wxh0": (12, 7), "Whh0": (12, 4), "bh0": (12,), "bhh0": (12,),
        "Wxh1": (12, 4), "Whh1": (12, 4), "bh1": (12,), "bhh1": (12,),
        "Why": (7, 4), "by": (7,),
    }  # fmt: skip
    assert "bhh0" not in parameter_shapes(ModelConfig("lstm", 4), 7)


@pytest.mark.parametrize("cell", CELLS)
def test_orthogonal_start(cell):
    model = CharRNN(Vocabulary.from_text("abc"), ModelConfig(cell, 16), random_seed=3)
    for gate in model.parameters["Whh0"].reshape(-1, 16, 16):
        np.testing.assert_allclose(gate @ gate.T, np.eye(16), atol=1e-5)
    bias = model.parameters["bh0"].reshape(-1, 16).mean(axis=1)
    assert bias.tolist() == [CELLS[cell].initial_bias.get(gate, 0.0) for gate in CELLS[cell].gates]
    assert CELLS["lstm"].initial_bias == {"f": 1.0}
    assert np.abs(model.parameters["Wxh0"]).max() <= 0.25


def test_small_start():
    config = ModelConfig("lstm", 64, initialization="small")
    p = CharRNN(Vocabulary.from_text("abc"), config).parameters
    assert p["Whh0"].std() == pytest.approx(0.01, rel=0.05)
    assert not p["bh0"].any()


def test_the_seed_decides_the_start():
    vocabulary = Vocabulary.from_text("abc")
    a, b, c = (CharRNN(vocabulary, random_seed=s).parameters.vector for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"cell": "transformer"}, {"hidden_size": 0}, {"hidden_size": 4097}, {"layers": 0},
        {"layers": 9}, {"dropout": 1.0}, {"dropout": -0.1}, {"dropout": math.nan},
        {"initialization": "zeros"},
    ],
)  # fmt: skip
def test_a_config_refuses_what_cannot_work(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ModelConfig(**wrong)


def test_cross_entropy_by_hand_and_at_the_edge():
    logits = np.log(np.array([0.5, 0.25, 0.25]))[:, None, None]
    loss, dlogits = cross_entropy(logits, np.array([[1]]))
    assert loss == pytest.approx(math.log(4))
    np.testing.assert_allclose(dlogits.ravel(), [0.5, -0.75, 0.25])
    extreme = np.array([1e4, -1e4, 0], np.float32)[:, None, None]
    loss, dlogits = cross_entropy(extreme, np.array([[1]]))
    assert loss == pytest.approx(2e4)
    assert np.isfinite(dlogits).all()
    assert np.exp(log_softmax(extreme)).sum() == pytest.approx(1)


def test_an_untrained_model_is_as_surprised_as_a_uniform_guess():
    config = ModelConfig("gru", 32, initialization="small")
    model = CharRNN(Vocabulary.from_text(TEXT), config)
    assert score(model, TEXT) == pytest.approx(math.log(len(model.vocabulary)), abs=0.02)


def test_score_reads_the_text_once_and_carries_the_state():
    model = tiny_model("lstm", 2, text=TEXT)
    text = (TEXT * 3)[:700]  # three windows of 256, the last one short
    ids = model.vocabulary.encode(text)
    logits, _, _ = model.forward(ids[:-1, None])
    expected = surprise(logits, ids[1:, None]).mean()
    assert score(model, text) == pytest.approx(float(expected), rel=1e-12)
    assert score_ids(model, ids, streams=2) == pytest.approx(float(expected), rel=0.05)


def test_score_refuses_what_it_cannot_read():
    model = tiny_model("rnn")
    with pytest.raises(ValueError, match="at least 2"):
        score(model, "a")
    with pytest.raises(UnknownSymbolError, match="'!'"):
        score(model, "ab!")


def test_precision_follows_the_weights():
    model = tiny_model("gru", 2, dtype=np.float32)
    x = some_ids(model, 4, 2)
    loss, gradient, state = model.loss_and_gradient(x, x)
    assert loss.dtype == gradient.vector.dtype == state[0][0].dtype == np.float32
    exact, _, _ = model.astype(np.float64).loss_and_gradient(x, x)
    assert float(loss) == pytest.approx(float(exact), rel=1e-5)


def test_ids_of_every_integer_type_read_the_same():
    model = tiny_model("lstm")
    ids = some_ids(model, 4, 2)
    expected, _, _ = model.forward(ids)
    for dtype in (np.uint8, np.uint16, np.int32):
        logits, _, _ = model.forward(ids.astype(dtype))
        np.testing.assert_array_equal(logits, expected)


def test_gradients_of_one_hot_inputs_do_not_grow_with_the_vocabulary():
    """A vocabulary of 20,000 words would need 80 MB for each one-hot window of 1,000 symbols."""
    import tracemalloc

    model = CharRNN(
        Vocabulary(tuple(f"{i:05d}" for i in range(20_000)), words=True), ModelConfig("rnn", 4)
    )
    x = some_ids(model, 1000, 1)
    from charrnn.network.recurrent import project_backward

    dz, dW = np.ones((4, 1000, 1), np.float32), np.empty((4, 20_000), np.float32)
    tracemalloc.start()
    project_backward(dz, model.parameters["Wxh0"], x, dW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6
    assert dW.sum() == 4000
