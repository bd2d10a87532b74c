"""The command line, in this process: options, output, and one line for every error."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn import load
from charrnn.__main__ import build_parser, main
from charrnn.cli import COMMANDS, info
from charrnn.cli.training.plan import make_plan
from charrnn.corpora import load_corpus
from charrnn.held_out import split
from charrnn.network.model import ModelConfig
from charrnn.network.sampling import Sampling
from charrnn.training import checkpoint
from charrnn.training.config import TrainConfig
from charrnn.training.recipes import RECIPES

TEXT = "She sells sea shells by the sea shore.\n" * 30
QUICK = ["--hidden-size", "12", "--steps", "25", "--eval-every", "10", "--no-baselines"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for every test, with a text in it."""
    monkeypatch.chdir(tmp_path)
    Path("sea.txt").write_text(TEXT)
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of the text, trained by the command itself."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "sea.txt").write_text(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "sea.txt", "--out", "sea.npz", *QUICK]) == 0
    return folder / "sea.npz"


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(a) for a in argv])
    out, err = capsys.readouterr()
    return code, out, err


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def subparsers() -> dict[str, argparse.ArgumentParser]:
    for action in build_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError


def test_every_command_has_help_with_examples_that_parse() -> None:
    parser = build_parser()
    for name, command in subparsers().items():
        text = command.format_help()
        examples = [line.split() for line in text.partition("examples:")[2].splitlines() if line]
        assert examples, name
        for words in examples:
            words = words[words.index("charrnn") :]  # NAME=VALUE may stand before it
            assert words[1] == name
            flags = [word for word in words if word.startswith("--")]
            assert set(flags) <= set(command._option_string_actions), words
        for action in command._actions:
            assert action.help, (name, action.dest)
    assert set(subparsers()) == set(COMMANDS)
    assert all(name in parser.format_help() for name in COMMANDS)


def test_every_setting_is_a_flag_of_the_same_name() -> None:
    train = subparsers()["train"]._option_string_actions
    for config in (ModelConfig, TrainConfig):
        for field in dataclasses.fields(config):
            action = train["--" + field.name.replace("_", "-")]
            assert not str(action.help).startswith(" (default"), f"{field.name} has no docstring"
    generate = subparsers()["generate"]._option_string_actions
    for field in dataclasses.fields(Sampling):
        assert "--" + field.name.replace("_", "-") in generate


@pytest.mark.parametrize("argv", [[], ["--help"], ["train", "--help"], ["--version"]])
def test_help_is_no_error(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, bool(out), bool(err)) == ((0, True, False) if argv else (2, False, True))


def test_train_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "train", "sea.txt", *QUICK, "--baselines", "--final-length", 40)
    assert (code, err) == (0, "")
    assert f"sea.txt: {len(TEXT):,} characters, 14 symbols. lstm, 12 hidden units" in out
    assert "step     10/25" in out
    for word in ("nats (", "bits)", "validation", "characters/s", "left", "letter frequencies"):
        assert word in out
    assert "Done: 25 steps. The model is in sea.npz" in out
    assert charrnn.load("sea.npz").metadata["corpus"] == "sea.txt"


def test_train_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "train", "sea.txt", *QUICK, "--json", "--baselines")
    assert (code, err) == (0, "")
    lines = objects(out)
    assert [line["step"] for line in lines] == [10, 20, 25, 25]
    for line in lines:
        assert {"step", "loss", "val_loss", "chars_per_second"} <= line.keys()
    assert lines[0]["val_loss"] > 0
    last = lines[-1]
    assert last["out"] == "sea.npz"
    assert last["stopped"] is None
    assert last["baselines"]["uniform"] > last["baselines"]["last 4 characters"]


def test_log_every_and_sample_every(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--json", "--log-every", 5, "--sample-every", 10, "--sample-length", 7)
    _, out, _ = run(capsys, "train", "sea.txt", *QUICK, *options, "--seed", "sea")
    lines = objects(out)[:-1]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 25]
    samples = {line["step"]: line["sample"] for line in lines if "sample" in line}
    assert set(samples) == {10, 20}
    assert all(text.startswith("sea") and len(text) == 10 for text in samples.values())


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_runs_with_nothing_else_given(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "train", "--recipe", name, "--steps", 3, "--no-baselines")
    assert (code, err) == (0, "")
    model = charrnn.load(f"{name}.npz")
    assert model.config == RECIPES[name].model
    assert "Done: 3 steps" in out


def test_minimal_reports_every_100_steps_and_writes_500_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run(capsys, "train", "--recipe", "minimal", "--steps", 300, "--json")
    lines = objects(out)[:-1]
    assert [line["step"] for line in lines if "sample" in line] == [100, 200, 300]
    _, out, _ = run(capsys, "train", "--recipe", "minimal", "--steps", 1, "--overwrite")
    last = out[out.index("at step 1\n") + len("at step 1\n") : out.index("Done:")]
    assert len(last) == 1 + 500 + 1  # the seed character, 500 of its own, the line's end


def test_hello_learns_to_print_hello(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "train", "--recipe", "hello")
    assert "\nhello\nDone: 100 steps." in out


def test_options_override_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["train", "sea.txt", "--recipe", "adagrad", "--steps", 4, "--cell", "gru"]
    argv += ["--layers", 2, "--optimizer", "adam", "--no-rescue", "--words", "--out", "w.npz"]
    code, _, _ = run(capsys, *argv)
    assert code == 0
    model = charrnn.load("w.npz")
    config = model.metadata["config"]
    assert (model.config.cell, model.config.layers, model.vocabulary.words) == ("gru", 2, True)
    assert (config["optimizer"], config["rescue"], config["batch_size"]) == ("adam", False, 1)
    assert config["learning_rate"] == 0  # the optimizer's own rate, not the recipe's


def test_another_optimizer_than_the_preset_has_brings_its_own_rates(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text(TEXT * (400_000 // len(TEXT) + 1))

    def rates(*options: str) -> tuple[float, float]:
        argv = ["train", str(book), "--preset", "quick", "--hidden-size", "4", *options]
        trainer = make_plan(build_parser().parse_args(argv)).trainer
        return trainer.config.base_rates

    assert rates() == (0.015, 0.33)
    assert rates("--optimizer", "sgd") == (0.5, 1.0)
    assert rates("--optimizer", "sgd", "--learning-rate", "0.1") == (0.1, 1.0)


def test_epochs_and_seconds_limit_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--hidden-size", 4, "--no-baselines", "--json", "--batch-size", 2]
    _, out, _ = run(capsys, "train", "sea.txt", "--epochs", 2, *small, "--out", "e.npz")
    windows = -(-((int(len(TEXT) * 0.9) - 1) // 2) // 32)
    assert objects(out)[-1]["step"] == 2 * windows
    code, out, _ = run(capsys, "train", "sea.txt", "--seconds", 0.3, *small, "--out", "s.npz")
    assert code == 0
    assert 0 < objects(out)[-1]["step"] == charrnn.load("s.npz").metadata["steps"]


def test_resume_goes_on_to_the_last_bit(capsys: pytest.CaptureFixture[str]) -> None:
    whole = ["train", "sea.txt", *QUICK, "--schedule", "constant"]
    assert run(capsys, *whole, "--out", "whole.npz")[0] == 0
    assert run(capsys, *whole, "--steps", 10, "--out", "part.npz")[0] == 0
    code, _, err = run(capsys, "train", "sea.txt", "--resume", "part.npz", "--steps", 25)
    assert (code, err) == (0, "")
    first, second = charrnn.load("whole.npz"), charrnn.load("part.npz")
    assert (first.parameters.vector == second.parameters.vector).all()
    assert second.metadata["steps"] == 25


def test_compact_keeps_the_model_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "train", "sea.txt", "--out", "whole.npz", *QUICK)[0] == 0
    assert run(capsys, "train", "sea.txt", "--out", "small.npz", "--compact", *QUICK)[0] == 0
    whole, small = checkpoint.info("whole.npz"), checkpoint.info("small.npz")
    assert whole["resumable"]
    assert not small["resumable"]
    assert small["bytes"] < whole["bytes"] / 2
    np.testing.assert_array_equal(
        load("small.npz").parameters.vector, load("whole.npz").parameters.vector
    )


def test_resume_finds_a_named_corpus_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "train", "--recipe", "hello", "--steps", 5)
    code, _, _ = run(capsys, "train", "--resume", "hello.npz", "--steps", 8, "--out", "more.npz")
    assert code == 0
    assert charrnn.load("more.npz").metadata["steps"] == 8


def test_start_goes_on_from_another_model(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["train", "new.txt", "--start", trained, "--steps", 1, "--learning-rate", 1e-9]
    Path("new.txt").write_text("she sells shells, " * 40)
    assert run(capsys, *argv)[0] == 0
    assert "," in charrnn.load("new.npz").vocabulary.ids
    Path("new.txt").write_text("she sells shells. " * 40)
    assert run(capsys, *argv, "--overwrite")[0] == 0
    before, after = charrnn.load(trained), charrnn.load("new.npz")
    assert after.vocabulary == before.vocabulary
    assert abs(after.parameters.vector - before.parameters.vector).max() < 1e-6


def test_the_start_is_chosen_by_what_it_guesses(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play = charrnn.load_corpus("lighthouse").text[:3000]
    Path("play.txt").write_text(play)
    argv = ["train", "play.txt", "--start", "auto", "--steps", 1, "--dropout", 0.5]
    code, _, err = run(capsys, *argv)
    assert code == 0
    assert "Starts from lighthouse" in err
    model = charrnn.load("play.npz")
    assert (model.metadata["start"]["name"], model.config.dropout) == ("lighthouse", 0.5)
    assert model.metadata["config"]["averaging"] > 0
    assert run(capsys, *argv, "--hidden-size", 3, "--overwrite")[0] == 2
    Path("play.txt").write_text("".join(map(chr, range(0x4E00, 0x4E80))) * 10)
    code, _, err = run(capsys, *argv, "--overwrite")
    assert code == 0
    assert "Starts from scratch" in err


def test_no_file_is_replaced_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sea.npz").write_bytes(b"precious")
    code, out, err = run(capsys, "train", "sea.txt", *QUICK)
    assert (code, out) == (2, "")
    assert err.startswith("charrnn: sea.npz exists.")
    assert "--overwrite" in err
    assert Path("sea.npz").read_bytes() == b"precious"
    assert run(capsys, "train", "sea.txt", *QUICK, "--overwrite")[0] == 0
    charrnn.load("sea.npz")


def test_generate_writes_the_seed_and_its_own(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["generate", trained, "--seed", "She ", "--length", 50, "--random-seed", 3]
    code, plain, err = run(capsys, *argv)
    assert (code, err) == (0, "")
    (found,) = objects(run(capsys, *argv, "--json")[1])
    assert found["seed"] == "She "
    assert len(found["text"]) == 50
    assert plain.removesuffix("\n") == ("She " + found["text"]).removesuffix("\n")
    sampling = Sampling(random_seed=3)
    assert found["text"] == "".join(charrnn.generate(charrnn.load(trained), "She ", 50, sampling))


def test_generate_can_be_repeated_by_the_seed_it_tells(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = objects(run(capsys, "generate", trained, "--json")[1])
    argv = ["generate", trained, "--json", "--random-seed", first["random_seed"]]
    assert objects(run(capsys, *argv)[1]) == [first]


def test_generate_checks_for_copies(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = ["--temperature", 0, "--check-copy", "sea.txt"]
    code, _, err = run(capsys, "generate", trained, *long)
    assert code == 0
    assert "copied from sea.txt" in err
    (found,) = objects(run(capsys, "generate", trained, *long, "--json")[1])
    assert 0 <= found["novel"] <= 1
    assert found["copying"] == (found["novel"] <= 0.5) == ("Mostly copied" in err)
    assert found["longest"] in TEXT


def test_a_typed_line_break_ends_a_text(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "generate", trained, "--stop", r"\n", "--length", 5000)
    assert (code, out.count("\n"), out[-1]) == (0, 1, "\n")


def test_score_can_skip_what_the_model_never_saw(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.txt").write_text(TEXT.replace("shore", "sh\u4e2dor\u4e2de"), encoding="utf-8")
    code, _, err = run(capsys, "score", trained, "other.txt")
    assert code == 2
    assert "--skip-unknown" in err
    code, out, err = run(capsys, "score", trained, "other.txt", "--skip-unknown", "--json")
    assert code == 0
    assert "\u4e2d" in err
    (found,) = objects(out)
    assert found["skipped"] == 60
    (whole,) = objects(run(capsys, "score", trained, "sea.txt", "--json")[1])
    assert (found["nats_per_char"], found["chars"]) == (whole["nats_per_char"], whole["chars"])


@pytest.mark.parametrize("order", ["sorted", "another"])
def test_converted_weights_are_tried_on_their_text(
    order: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ids of a script that uses list(set(text)) do not fit a sorted vocabulary."""
    run(capsys, "train", "sea.txt", "--cell", "rnn", *QUICK, "--steps", 300, "--out", "rnn.npz")
    parameters = load("rnn.npz").parameters
    arrays = {name: parameters[name + "0"] for name in ("Wxh", "Whh", "bh")}
    arrays |= {"Why": parameters["Why"], "by": parameters["by"]}
    if order == "another":
        turned = np.roll(np.arange(len(arrays["by"])), 5)
        arrays |= {"Wxh": arrays["Wxh"][:, turned], "Why": arrays["Why"][turned]}
        arrays["by"] = arrays["by"][turned]
    np.savez("old.npz", **arrays)
    argv = ["convert", "--from-npz", "old.npz", "--text", "sea.txt", "--out", "new.npz"]
    code, _, err = run(capsys, *argv)
    assert code == 0
    assert ("worse than a blind guess" in err) == (order == "another")


def test_a_seed_with_unknown_characters_is_one_warning(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "generate", trained, "--seed", "Ünder the sea", "--length", 3)
    assert code == 0
    assert err.count("\n") == 1
    assert err.startswith("charrnn: Left out of the seed")
    assert "'Ü'" in err


def test_score_agrees_with_the_library(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "score", trained, "sea.txt", "--json")
    assert (code, err) == (0, "")
    (found,) = objects(out)
    assert {"nats_per_char", "bits_per_char", "chars"} <= found.keys()
    assert found["nats_per_char"] == pytest.approx(charrnn.score(charrnn.load(trained), TEXT))
    assert found["bits_per_char"] == pytest.approx(found["nats_per_char"] / 0.6931471805599453)
    assert found["chars"] == len(TEXT) - 1
    _, out, _ = run(capsys, "score", trained, "sea.txt", "--val-fraction", 0.1, "--json")
    held_out = split(charrnn.load(trained).vocabulary.encode(TEXT), 0.1)[1]
    assert objects(out)[0]["chars"] == len(held_out) - 1


def test_score_of_words_is_per_character(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "train", "sea.txt", *QUICK, "--words", "--out", "words.npz")
    (found,) = objects(run(capsys, "score", "words.npz", "sea.txt", "--json")[1])
    model = charrnn.load("words.npz")
    words = model.vocabulary.tokens(TEXT)
    assert found["chars"] == len(TEXT) - len(words[0])
    total = found["nats_per_char"] * found["chars"]
    assert total == pytest.approx(charrnn.score(model, TEXT) * (len(words) - 1))


def test_info_tells_the_file(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (facts,) = objects(run(capsys, "info", trained, "--json")[1])
    model = charrnn.load(trained)
    assert facts["parameters"] == model.parameters.vector.size
    assert facts["cell"] == "lstm"
    assert facts["training"]["corpus"] == "sea.txt"
    code, out, _ = run(capsys, "info", trained)
    assert code == 0
    assert "hidden_size  12" in out


def test_info_prints_no_control_characters() -> None:
    facts = {"corpus": "\x07", "config": {"a": "\r"}}
    rows = info._rows({"cell": "\x1b[31mred", "training": facts})
    assert all(value.isprintable() for _, value in rows)


BAD = {
    "no such file": ["train", "nowhere.txt"],
    "bad choice": ["train", "sea.txt", "--cell", "transformer"],
    "bad number": ["train", "sea.txt", "--hidden-size", "many"],
    "out of range": ["train", "sea.txt", "--hidden-size", 0],
    "nan": ["train", "sea.txt", "--learning-rate", "nan"],
    "two limits": ["train", "sea.txt", "--steps", 3, "--seconds", 3],
    "no time": ["train", "sea.txt", "--seconds", 0],
    "negative report": ["train", "sea.txt", "--sample-every", -1],
    "bad temperature": ["train", "sea.txt", "--temperature", -1],
    "no folder": ["train", "sea.txt", "--out", "no/such/folder.npz"],
    "a folder": ["train", "sea.txt", "--out", "."],
    "a file for a folder": ["train", "sea.txt", "--out", "sea.txt/folder.npz"],
    "a loop": ["train", "sea.txt", "--out", "loop"],
    "a long name": ["train", "sea.txt", "--out", "n" * 300],
    "half a pair in a name": ["train", "sea.txt", "--out", "\ud83d.npz"],
    "convert into nothing": ["convert", "MODEL", "--to-web", "no/such/folder.html"],
    "import into nothing": ["convert", "--from-npz", "MODEL", "--out", "no/such/folder.npz"],
    "pull into nothing": ["pull", "someone/model", "--out", "no/such/folder.npz"],
    "several texts, one not there": ["train", "sea.txt", "none.txt"],
    "several texts on a rented machine": ["train", "a", "b", "--on-jobs", "cpu", "--push", "me/x"],
    "short": ["train", "short.txt"],
    "empty": ["train", "empty.txt"],
    "not a text": ["train", "bytes.txt"],
    "resume of nothing": ["train", "sea.txt", "--resume", "none.npz"],
    "resume of a text": ["train", "sea.txt", "--resume", "sea.txt"],
    "resume on another text": ["train", "hello", "--resume", "MODEL", "--steps", 30],
    "resume of a done run": ["train", "sea.txt", "--resume", "MODEL"],
    "resume without its text": ["train", "--resume", "MODEL", "--steps", 30],
    "resume with another cell": ["train", "sea.txt", "--resume", "MODEL", "--cell", "gru"],
    "resume with a recipe": ["train", "--resume", "MODEL", "--recipe", "hello"],
    "start with a size": ["train", "sea.txt", "--start", "MODEL", "--hidden-size", 3],
    "start with words": ["train", "sea.txt", "--start", "MODEL", "--words"],
    "generate from nothing": ["generate", "none.npz"],
    "generate from a text": ["generate", "sea.txt"],
    "generate too hot": ["generate", "MODEL", "--temperature", "inf"],
    "generate until what never comes": ["generate", "MODEL", "--stop", "\u4e2d"],
    "generate from half a pair": ["generate", "MODEL", "--seed", "\ud83d"],
    "generate less than nothing": ["generate", "MODEL", "--length", -1],
    "generate with no corpus": ["generate", "MODEL", "--check-copy", "nowhere"],
    "score unknown": ["score", "MODEL", "latin-as-utf8.txt"],
    "score too short": ["score", "MODEL", "short.txt"],
    "score of a share": ["score", "MODEL", "sea.txt", "--val-fraction", 2],
    "info of a folder": ["info", "."],
    "unknown command": ["dance"],
    "unknown option": ["train", "sea.txt", "--hidden", 3],
}


@pytest.mark.parametrize("argv", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_exit_code_2(
    argv: list[object], trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short.txt").write_text("S")
    Path("empty.txt").write_text("")
    Path("bytes.txt").write_bytes(bytes(range(256)))
    Path("latin-as-utf8.txt").write_text("Café au lait", encoding="utf-8")
    Path("loop").symlink_to("loop")
    if "MODEL" in argv:
        shutil.copy(trained, "MODEL")
    if argv[1:2] == ["--resume"]:  # the text would be found by its name
        Path("sea.txt").unlink()
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("charrnn")
    assert len(err) > 25
    assert "Traceback" not in err
    assert not list(Path().glob("*.npz"))


def test_a_corpus_name_is_a_text_too(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load_corpus("hello").text == "hello"
    (found,) = objects(run(capsys, "score", trained, "hello", "--json")[1])
    assert found["chars"] == 4


def test_the_old_name_of_baselines_still_works(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["train", "sea.txt", *QUICK, "--json", "--out"]
    for number, flag in enumerate(("--rulers", "--no-rulers")):
        _, out, _ = run(capsys, *argv, f"{number}.npz", flag)
        assert bool(objects(out)[-1]["baselines"]) == (flag == "--rulers")


def test_a_guessed_encoding_is_said_and_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.txt").write_bytes(("Naïve café, déjà vu. " * 40).encode("cp1252"))
    small = ["--steps", 2, "--hidden-size", 4, "--no-baselines", "--out", "old.npz"]
    code, _, err = run(capsys, "train", "old.txt", *small)
    assert (code, "Windows-1252" in err) == (0, True)
    code, _, err = run(capsys, "score", "old.npz", "old.txt", "--encoding", "cp1252")
    assert (code, err) == (0, "")
    assert run(capsys, "score", "old.npz", "old.txt", "--encoding", "elvish")[0] == 2


def test_several_files_are_one_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shore.txt").write_text("By the shore.\r\n" * 30)
    code, out, err = run(capsys, "train", "sea.txt", "shore.txt", *QUICK)
    assert (code, "shore.txt" in err) == (0, True)  # whose line ends were changed
    assert out.startswith("sea.txt, shore.txt: ")
    info = objects(run(capsys, "info", "sea.npz", "--json")[1])[0]
    assert info["training"]["characters"] == len(TEXT) + 1 + 14 * 30


def test_nothing_is_begun_where_the_result_has_no_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fallocate(descriptor: int, start: int, size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("charrnn.files.os.posix_fallocate", fallocate, raising=False)
    code, out, err = run(capsys, "train", "sea.txt", *QUICK)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "sea.npz" in err
    assert sorted(os.listdir()) == ["sea.txt"]
