"""Named texts, and a download that never arrives."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from charrnn import ModelConfig, TrainConfig, Trainer, corpora
from charrnn.corpora import CORPORA, CorpusError, load_corpus
from charrnn.held_out import alphabetical, shuffled_lines


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


def test_a_list_in_alphabetical_order_is_noticed_and_can_be_shuffled() -> None:
    names = "".join(f"{chr(65 + i // 20)}{'abcdefghijklmnopqrst'[i % 20]}mes\n" for i in range(520))
    assert "from X to Z" in alphabetical(names, 0.1)
    mixed = shuffled_lines(names, 0)
    assert mixed.endswith("\n")
    assert sorted(mixed) == sorted(names)
    assert mixed != names
    assert shuffled_lines(names, 0) == mixed
    assert alphabetical(mixed, 0.1) == ""
    config = TrainConfig(shuffle_lines=True, steps=1)
    trainer = Trainer(names, ModelConfig("rnn", 4), config)
    ids = trainer.live.vocabulary.encode(mixed)
    assert (trainer.val_ids == ids[-len(trainer.val_ids) :]).all()
    assert trainer.text["sha256"] == Trainer(names, ModelConfig("rnn", 4)).text["sha256"]


class Drip(BaseHTTPRequestHandler):
    """Sends a byte now and then, and never ends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"a")
                time.sleep(0.01)

    def log_message(self, *_: object) -> None:
        pass


def test_a_download_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "DOWNLOAD_SECONDS", 0.05)
    with ThreadingHTTPServer(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wanted = corpora._Download(f"http://127.0.0.1:{server.server_port}/", "0" * 64)
        with pytest.raises(CorpusError, match="CHARRNN_DATA"):
            wanted("drip")
        server.shutdown()
