"""Named texts that need no download."""

from __future__ import annotations

from pathlib import Path

import pytest

from charrnn.corpora import CORPORA, CorpusError, load_corpus


def test_python_source_is_python_and_the_same_every_time() -> None:
    corpus = load_corpus("python-source")
    assert len(corpus.text) == 1_000_000
    assert len(set(corpus.text)) < 100
    assert corpus.text.count("def __init__(self") > 100
    assert corpus == load_corpus("python-source")


def test_a_python_without_its_source_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(CorpusError, match="without the source"):
        load_corpus("python-source")


def test_every_corpus_of_this_machine_has_a_summary_and_a_text() -> None:
    for name in CORPORA.keys() - {"tinyshakespeare"}:
        assert CORPORA[name].summary
        if not CORPORA[name].built:
            assert len(load_corpus(name).text) >= 5


def test_a_corpus_that_is_built_says_which_command_builds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARRNN_DATA", str(tmp_path))
    with pytest.raises(CorpusError, match=r"benchmarks/base_corpus\.py FOLDER"):
        load_corpus("english")
    tmp_path.joinpath("english.txt").write_text("Here it is.", "utf-8")
    assert load_corpus("english").text == "Here it is."
