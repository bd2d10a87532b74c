"""convert: old .npz files in, safetensors and ONNX out, and the command itself."""

import itertools
import json
import sys

import numpy as np
import pytest
from builders import tiny_model
from forge import Part, forge

import charrnn
from charrnn import ModelFileError, Vocabulary
from charrnn.__main__ import main
from charrnn.formats.legacy_npz import NAMINGS, from_npz
from charrnn.formats.onnx import OPERATORS, to_onnx
from charrnn.formats.safetensors import to_safetensors

SYMBOLS = tuple("abcdefg")
BIASES = {"columns": (-1, 1), "rows": (1, -1), "flat": (-1,)}


def old_arrays(naming=NAMINGS[0], orientation="columns", biases="flat", hidden_size=5):
    """What a script would have saved, and the model that it stands for."""
    model = tiny_model("rnn", hidden_size=hidden_size, text="".join(SYMBOLS), dtype=np.float32)
    p = model.parameters
    matrices = [p["Wxh0"], p["Whh0"], p["Why"]]
    if orientation == "rows":
        matrices = [array.T for array in matrices]
    vectors = [p[name].reshape(BIASES[biases]) for name in ("bh0", "by")]
    arrays = [array.astype(np.float64) for array in (*matrices, *vectors)]
    return dict(zip(naming, arrays, strict=True)), model


def write(tmp_path, arrays, save=np.savez):
    path = tmp_path / "old.npz"
    save(path, **arrays)
    return path


def assert_same(model, expected):
    assert model.vocabulary.symbols == SYMBOLS
    assert np.array_equal(model.parameters.vector, expected.parameters.vector)


@pytest.mark.parametrize(
    ("naming", "orientation", "biases"), [*itertools.product(NAMINGS, ("columns", "rows"), BIASES)]
)
def test_every_naming_orientation_and_shape_of_bias(tmp_path, naming, orientation, biases):
    arrays, expected = old_arrays(naming, orientation, biases)
    found = from_npz(write(tmp_path, arrays), Vocabulary(SYMBOLS))
    assert_same(found.model, expected)
    assert found.remarks == []


@pytest.mark.parametrize("orientation", ["columns", "rows"])
def test_square_matrices_follow_the_biases_and_say_so(tmp_path, orientation):
    arrays, expected = old_arrays(orientation=orientation, biases=orientation, hidden_size=7)
    found = from_npz(write(tmp_path, arrays), Vocabulary(SYMBOLS))
    assert_same(found.model, expected)
    assert "square" in found.remarks[0]
    assert orientation in found.remarks[0]


@pytest.mark.parametrize("orientation", ["columns", "rows"])
def test_square_matrices_with_flat_biases_need_a_word(tmp_path, orientation):
    arrays, expected = old_arrays(orientation=orientation, hidden_size=7)
    path = write(tmp_path, arrays)
    with pytest.raises(ModelFileError, match="--orientation"):
        from_npz(path, Vocabulary(SYMBOLS))
    assert_same(from_npz(path, Vocabulary(SYMBOLS), orientation).model, expected)


@pytest.mark.parametrize("naming", NAMINGS)
def test_a_script_without_biases(tmp_path, naming):
    arrays, expected = old_arrays(naming)
    found = from_npz(write(tmp_path, {n: arrays[n] for n in naming[:3]}), Vocabulary(SYMBOLS))
    for name in ("bh0", "by"):
        expected.parameters[name][:] = 0
    assert_same(found.model, expected)
    assert "no biases" in found.remarks[0]


@pytest.mark.parametrize("order", ["Wxh Whh Why bh by", "Whh Wxh Why bh by", "Wxh Why Whh bh by"])
def test_arrays_without_names_are_told_apart_by_their_shapes(tmp_path, order):
    arrays, expected = old_arrays()
    path = tmp_path / "old.npz"
    np.savez(path, *(arrays[name] for name in order.split()))
    found = from_npz(path, Vocabulary(SYMBOLS))
    assert_same(found.model, expected)
    assert "no names" in found.remarks[0]


CHARS_BY_ID = dict(enumerate(SYMBOLS))
IDS_BY_CHAR = {char: i for i, char in CHARS_BY_ID.items()}
VOCABULARIES = {
    "chars": [
        np.array(SYMBOLS),
        np.array("".join(SYMBOLS)),
        np.array([s.encode() for s in SYMBOLS]),
    ],
    "ix_to_char": [
        np.array(SYMBOLS),
        np.array(list(CHARS_BY_ID.items())),
        np.array(json.dumps(CHARS_BY_ID)),
    ],
    "char_to_ix": [
        np.array(list(reversed(IDS_BY_CHAR.items()))),
        np.array(json.dumps(IDS_BY_CHAR)),
    ],
}


@pytest.mark.parametrize(
    ("name", "form"), [(name, form) for name, forms in VOCABULARIES.items() for form in forms]
)
def test_a_vocabulary_in_the_file(tmp_path, name, form):
    arrays, expected = old_arrays()
    found = from_npz(write(tmp_path, arrays | {name: form}))
    assert_same(found.model, expected)
    assert name in found.remarks[0]


def test_an_order_of_its_own_is_kept(tmp_path):
    arrays, _ = old_arrays()
    found = from_npz(write(tmp_path, arrays | {"chars": np.array(SYMBOLS[::-1])}))
    assert found.model.vocabulary.symbols == SYMBOLS[::-1]


def test_compressed_and_fortran_ordered_files(tmp_path):
    arrays, expected = old_arrays()
    arrays["Wxh"] = np.asfortranarray(arrays["Wxh"])
    found = from_npz(write(tmp_path, arrays, np.savez_compressed), Vocabulary(SYMBOLS))
    assert_same(found.model, expected)


def change(**changes):
    return lambda arrays: {k: v for k, v in (arrays | changes).items() if v is not None}


@pytest.mark.parametrize(
    ("alter", "symbols", "sentence"),
    [
        (change(), "", "no vocabulary"),
        (change(char_to_ix=np.array({"a": 0}, object)), "", "pickle"),
        (change(chars=np.arange(7)), "", "must hold text"),
        (change(chars=np.array(list("aacdefg"))), "", "twice"),
        (change(chars=np.array(["ab", *"cdefgh"])), "", "single characters"),
        (change(char_to_ix=np.array(json.dumps({"a": 1, "b": 2}))), "", "from 0 on"),
        (change(Whh=None, Why=None), SYMBOLS, "lacks Whh, Why"),
        (change(bh=None), SYMBOLS, "lacks bh"),
        (change(Whh=np.zeros((5, 5), "V2")), SYMBOLS, "bfloat16"),
        (change(Whh=np.zeros((5, 6))), SYMBOLS, "square"),
        (change(Wxh=np.zeros((9, 5))), SYMBOLS, "other way round"),
        (change(Why=np.zeros((5, 7))), SYMBOLS, "other way round"),
        (change(bh=np.zeros(6)), SYMBOLS, "bias of 5"),
        (change(by=np.full(7, np.nan)), SYMBOLS, "finite"),
        (change(by=np.array(list("abcdefg"))), SYMBOLS, "finite numbers"),
        (change(), SYMBOLS[:6], "6 symbols and by has 7"),
    ],
)
def test_one_clear_error(tmp_path, alter, symbols, sentence):
    arrays, _ = old_arrays()
    path = write(tmp_path, alter(arrays))
    with pytest.raises(ModelFileError, match=sentence):
        from_npz(path, Vocabulary(tuple(symbols)) if symbols else None)


def test_a_wrong_orientation_is_refused(tmp_path):
    arrays, _ = old_arrays()
    with pytest.raises(ModelFileError, match="do not fit the orientation"):
        from_npz(write(tmp_path, arrays), Vocabulary(SYMBOLS), "rows")


def test_damaged_files_are_one_sentence(tmp_path):
    """Or they give the exact model, if the byte is irrelevant, such as a file's attributes."""
    arrays, expected = old_arrays()
    path = write(tmp_path, arrays)
    whole = path.read_bytes()
    rng, refused = np.random.default_rng(0), 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged[: rng.integers(len(whole))] if rng.random() < 0.2 else damaged)
        try:
            assert_same(from_npz(path, Vocabulary(SYMBOLS)).model, expected)
        except ModelFileError:
            refused += 1
    assert refused > 250


@pytest.mark.parametrize("header", ["(10000000000000,)", "(-1,)", "[2]", "((((", "'\\0'"])
def test_lying_headers_are_one_sentence(tmp_path, header):
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {header}, }}\n".encode()
    lie = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    path = tmp_path / "old.npz"
    path.write_bytes(forge([Part(f"{name}.npy".encode(), lie + bytes(8)) for name in NAMINGS[0]]))
    with pytest.raises(ModelFileError):
        from_npz(path, Vocabulary(SYMBOLS))


# ---- safetensors and ONNX ----


def test_safetensors_opens_what_we_write(tmp_path):
    safetensors = pytest.importorskip("safetensors")
    from safetensors.numpy import load

    model = tiny_model("lstm", 2, dtype=np.float32)
    data = to_safetensors(model)
    expected = charrnn.to_torch(model)
    found = load(data)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    back = charrnn.from_torch(found, model.vocabulary)
    assert np.array_equal(back.parameters.vector, model.parameters.vector)
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with safetensors.safe_open(path, "np") as file:
        facts = file.metadata()
    assert tuple(json.loads(facts["symbols"])) == model.vocabulary.symbols
    assert (facts["cell"], facts["layers"], facts["hidden_size"]) == ("lstm", "2", "5")


def test_a_missing_library_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ValueError, match="pip install onnx"):
        to_onnx(tiny_model(dtype=np.float32))


@pytest.mark.parametrize("cell", OPERATORS)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_onnxruntime_agrees_on_1000_characters(cell, layers):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = tiny_model(cell, layers, hidden_size=24, dtype=np.float32)
    model.parameters.vector[:] = np.random.default_rng(1).normal(
        0, 0.2, model.parameters.vector.shape
    )
    session = onnxruntime.InferenceSession(to_onnx(model))
    ids = np.random.default_rng(2).integers(len(model.vocabulary), size=(1000, 2))
    ours, after, _ = model.forward(ids)
    names = [f"{kind}{layer}" for layer in range(layers) for kind in model.cell.state]
    state = {name: np.zeros((1, 2, 24), np.float32) for name in names}
    pieces = []
    for window in (ids[:400], ids[400:]):  # the state is carried from one to the next
        logits, *states = session.run(None, {"ids": window, **state})
        state = dict(zip(names, states, strict=True))
        pieces.append(logits)
    theirs = np.concatenate(pieces)  # (T, N, V)
    assert np.abs(ours.transpose(1, 2, 0) - theirs).max() < 1e-4
    assert np.abs(after[-1][0].T - state[f"hidden{layers - 1}"][0]).max() < 1e-4


# ---- the command ----


def test_old_weights_become_a_model_that_writes(tmp_path, capsys):
    arrays, expected = old_arrays(orientation="rows", biases="rows", hidden_size=7)
    path, text, out = write(tmp_path, arrays), tmp_path / "text.txt", tmp_path / "new.npz"
    text.write_text("gfedcba abc".replace(" ", ""), "utf-8")
    code = main(["convert", "--from-npz", str(path), "--text", str(text), "--out", str(out)])
    shown = capsys.readouterr()
    assert code == 0
    assert "square" in shown.err
    assert_same(charrnn.load(out), expected)
    assert main(["generate", str(out), "--seed", "ab", "--length", "20", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["text"]) == 20


def test_a_page_and_a_safetensors_file_at_once(tmp_path, capsys):
    pytest.importorskip("safetensors")
    model, page, tensors = (str(tmp_path / name) for name in ("m.npz", "m.html", "m.safetensors"))
    charrnn.save(tiny_model(dtype=np.float32), model)
    options = ["--to-web", page, "--to-safetensors", tensors, "--json"]
    assert main(["convert", model, *options]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["path"] for line in lines] == [page, tensors]
    assert all((tmp_path / line["path"]).stat().st_size == line["bytes"] for line in lines)


@pytest.mark.parametrize(
    "words",
    [[], ["m.npz"], ["m.npz", "--out", "x"], ["--from-npz", "x"], ["m.npz", "--from-npz", "x"]],
)
def test_half_an_order_is_exit_code_2_and_one_line(words, capsys):
    assert main(["convert", *words]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("charrnn: ")
    assert "--from-npz" in shown
    assert shown.count("\n") == 1
