"""The bridge to PyTorch: names and errors anywhere, agreement where PyTorch is installed."""

import subprocess
import sys

import numpy as np
import pytest

import charrnn
from charrnn import CharRNN, ModelConfig, Vocabulary
from charrnn.formats.torch import GATE_ORDER

VOCABULARY = Vocabulary.from_text("the quick brown fox jumps over a lazy dog.\n")
CASES = [(cell, layers) for cell in GATE_ORDER for layers in (1, 2, 3)]


def random_model(cell, layers, hidden_size=24) -> CharRNN:
    """A model with random biases too: zeros, as in a new model, would prove nothing."""
    model = CharRNN(VOCABULARY, ModelConfig(cell, hidden_size, layers))
    rng = np.random.default_rng(3)
    model.parameters.vector[:] = rng.normal(0, 0.3, model.parameters.vector.shape)
    return model


def torch_module(torch, model):
    """The module of charrnn.formats.torch, loaded strictly."""
    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[model.config.cell]
    V, H = len(model.vocabulary), model.config.hidden_size
    module = torch.nn.Module()
    module.rnn, module.head = kind(V, H, model.config.layers), torch.nn.Linear(H, V)
    module.load_state_dict({k: torch.from_numpy(v) for k, v in charrnn.to_torch(model).items()})
    return module


@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_round_trip_is_exact(cell, layers):
    model = random_model(cell, layers)
    back = charrnn.from_torch(charrnn.to_torch(model), VOCABULARY)
    assert back.config == model.config
    assert back.parameters.vector.dtype == np.float32
    assert np.array_equal(back.parameters.vector, model.parameters.vector)


def test_arrays_are_copies():
    model = random_model("lstm", 1)
    before = model.parameters.vector.copy()
    for array in charrnn.to_torch(model).values():
        array += 1
    assert np.array_equal(model.parameters.vector, before)


def test_no_torch_is_imported():
    code = (
        "import sys, charrnn; m = charrnn.CharRNN(charrnn.Vocabulary(('a', 'b')));"
        "charrnn.from_torch(charrnn.to_torch(m), m.vocabulary); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_biases_are_added_and_missing_ones_are_zeros():
    model = random_model("rnn", 1)
    arrays = charrnn.to_torch(model)
    half = arrays["rnn.bias_ih_l0"] / 2
    moved = arrays | {"rnn.bias_ih_l0": half, "rnn.bias_hh_l0": half}
    back = charrnn.from_torch(moved, VOCABULARY)
    assert np.array_equal(back.parameters["bh0"], model.parameters["bh0"])
    bare = {name: array for name, array in arrays.items() if "bias" not in name}
    assert not charrnn.from_torch(bare, VOCABULARY).parameters["bh0"].any()


def test_other_names_of_the_submodules():
    model = random_model("gru", 2)
    renamed = {
        name.replace("rnn.", "encoder.gru.").replace("head.", "fc."): array
        for name, array in charrnn.to_torch(model).items()
    }
    back = charrnn.from_torch(renamed, VOCABULARY, rnn="encoder.gru", head="fc")
    assert np.array_equal(back.parameters.vector, model.parameters.vector)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rnn.weight_hh_l0": None}, "no array rnn.weight_hh_l0"),
        ({"rnn.weight_hh_l0": np.zeros((10, 4))}, "no RNN, LSTM or GRU"),
        ({"rnn.weight_ih_l0": None}, "weight_ih_l0 is missing"),
        ({"head.weight": np.zeros((3, 24))}, "head.weight has shape"),
        ({"rnn.weight_ih_l0_reverse": np.zeros((96, 30))}, "one-way"),
        ({"rnn.weight_hr_l0": np.zeros((4, 24))}, "one-way"),
    ],
)
def test_what_does_not_fit_is_one_sentence(change, sentence):
    arrays = charrnn.to_torch(random_model("lstm", 1)) | change
    arrays = {name: array for name, array in arrays.items() if array is not None}
    with pytest.raises(ValueError, match=sentence):
        charrnn.from_torch(arrays, VOCABULARY)


@pytest.mark.torch
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_logits_agree_on_1000_characters(cell, layers):
    torch = pytest.importorskip("torch")
    model = random_model(cell, layers)
    rng = np.random.default_rng(5)
    ids = rng.integers(len(VOCABULARY), size=(1000, 1))
    ours, _, _ = model.forward(ids)  # (V, T, 1)
    module = torch_module(torch, model)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(ids), len(VOCABULARY)).float()
    with torch.no_grad():
        theirs = module.head(module.rnn(one_hot)[0]).numpy()  # (T, 1, V)
    assert np.abs(ours.transpose(1, 2, 0) - theirs).max() < 1e-5


@pytest.mark.torch
@pytest.mark.parametrize(("cell", "layers"), CASES)
def test_a_module_of_pytorch_comes_in(cell, layers):
    torch = pytest.importorskip("torch")
    module = torch_module(torch, random_model(cell, layers))
    for parameter in module.parameters():  # PyTorch's own start: both biases are there
        torch.nn.init.uniform_(parameter, -0.3, 0.3)
    model = charrnn.from_torch(module.state_dict(), VOCABULARY)
    ids = np.random.default_rng(6).integers(len(VOCABULARY), size=(1000, 1))
    ours, _, _ = model.forward(ids)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(ids), len(VOCABULARY)).float()
    with torch.no_grad():
        theirs = module.head(module.rnn(one_hot)[0]).numpy()
    assert np.abs(ours.transpose(1, 2, 0) - theirs).max() < 1e-5
