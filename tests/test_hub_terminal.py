"""The Hub from the command line: real commands in child processes, with Xet and without, and a job
that really runs. Everything that they write or print is searched for the token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hubs import text_of, trained
from standin import ALICE, ALICE_READS, Fault, Hub, User
from waiting import wait_until

import charrnn
from charrnn.__main__ import main
from charrnn.hub import from_hub

ROOT = Path(charrnn.__file__).parents[1]
SEA = "She sells sea shells by the sea shore.\n" * 30
QUICK = ["--hidden-size", "12", "--steps", "30", "--eval-every", "10"]


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub().serve() as served:
        served.tokens[ALICE] = User("alice", pro=True)
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    charrnn.save(trained(), tmp_path / "cats.npz")
    (tmp_path / "the sea.txt").write_text(SEA)
    return tmp_path


class Shell:
    """Runs charrnn as a person would, in a home of its own."""

    def __init__(self, hub: Hub, folder: Path, **environment: str) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        self.environment = {
            **kept, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": hub.url, "HF_TOKEN": ALICE,
            "HF_HOME": str(folder / "home"), "HOME": str(folder), "TMPDIR": str(folder),
            **environment,
        }  # fmt: skip
        self.printed = ""

    def __call__(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        """Run a command with --json and give its objects, or its lines without."""
        ended = subprocess.run(
            [sys.executable, "-m", "charrnn", *words],
            cwd=self.folder, env=self.environment, text=True, capture_output=True, timeout=120,
        )  # fmt: skip
        self.out, self.err = ended.stdout, ended.stderr
        self.printed += ended.stdout + ended.stderr
        assert ended.returncode == code, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()] if "--json" in words else []

    def keeps(self, secret: str) -> list[str]:
        """The places where the secret was printed or written."""
        found = ["printed"] if secret in self.printed else []
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return found + [str(path) for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("storage", ["xet", "lfs"])
def test_push_and_pull(hub: Hub, folder: Path, storage: str) -> None:
    shell = Shell(hub, folder, **({"HF_HUB_DISABLE_XET": "1"} if storage == "lfs" else {}))
    (printed,) = shell("push", "cats.npz", f"cats-{storage}", "--license", "mit", "--json")
    assert printed["repo_id"] == f"alice/cats-{storage}"
    by_xet = [
        asked for asked in hub.log if "xet-write-token" in asked.path and storage in asked.path
    ]
    assert bool(by_xet) == (storage == "xet")
    (back,) = shell("pull", printed["repo_id"], "--out", "back.npz", "--json")
    assert back["revision"] == printed["revision"]
    model = charrnn.load(folder / "back.npz")
    assert np.array_equal(model.parameters.vector, trained().parameters.vector)
    shell("pull", printed["repo_id"], "--out", "back.npz", code=2)
    assert "--overwrite" in shell.err
    assert shell.keeps(ALICE) == []


def test_push_with_a_playable_page(hub: Hub, folder: Path) -> None:
    shell = Shell(hub, folder)
    shell("push", "cats.npz", "alice/played", "--page", "--space", "alice/page")
    assert "python -m charrnn pull alice/played" in shell.out
    assert "<script>" in text_of(hub, "alice/played", "index.html", "spaces")
    assert "/spaces/alice/page?model=alice/played" in text_of(hub, "alice/played")


def test_what_goes_wrong_is_one_line(hub: Hub, folder: Path) -> None:
    for token, words, sentence in (
        (ALICE_READS, ("push", "cats.npz", "alice/x"), "may only read"),
        ("hf_bad token", ("push", "cats.npz", "alice/x"), "not a token"),
        ("", ("push", "cats.npz", "alice/x"), "token that may write"),
        ("", ("pull", "alice/none"), "no alice/none on the Hub"),
        (ALICE, ("pull", "none"), "owner's name"),
        (ALICE, ("push", "cats.npz", "bob/x"), "no right"),
    ):
        shell = Shell(hub, folder, HF_TOKEN=token)
        shell(*words, code=2)
        assert sentence in shell.err
        assert shell.err.splitlines()[-1].startswith("charrnn: ")
        assert "Traceback" not in shell.err
        assert len(token) < 3 or shell.keeps(token) == []


def test_train_and_push(hub: Hub, folder: Path) -> None:
    shell = Shell(hub, folder)
    printed = shell(
        "train", "the sea.txt", *QUICK, "--out", "sea.npz", "--push", "alice/sea", "--json"
    )
    assert printed[-1]["repo_id"] == "alice/sea"
    text = text_of(hub, "alice/sea")
    assert "the sea.txt" in text
    assert "| uniform |" in text
    assert SEA[:40] not in text
    shell("train", "the sea.txt", *QUICK, "--push", "a/b/c", code=2)
    assert not (folder / "the sea.npz").exists()


def test_a_training_that_starts_from_the_hub_names_its_base_model(hub: Hub, folder: Path) -> None:
    shell = Shell(hub, folder)
    shell("push", "cats.npz", "alice/start", "--license", "mit")
    (folder / "dogs.txt").write_text("the dog sat on the cat. " * 40)
    words = ("train", "dogs.txt", "--start", "alice/start", "--steps", "1", "--out", "dogs.npz")
    shell(*words, "--push", "alice/dogs")
    assert "Starts from alice/start" in shell.err
    assert "base_model: alice/start" in text_of(hub, "alice/dogs")


def test_train_on_a_rented_machine(hub: Hub, folder: Path) -> None:
    """The submitted command runs in a child process, with the text from the bucket."""
    shell = Shell(hub, folder)
    words = ["train", "the sea.txt", *QUICK, "--push", "alice/rented", "--on-jobs", "cpu-upgrade"]
    (printed,) = shell(*words, "--license", "mit", "--dry-run", "--json")
    assert printed["files"] == ["the sea.txt"]
    assert printed["secrets"] == ["HF_TOKEN"]
    assert not hub.jobs.jobs
    shell(*words, "--license", "mit")
    (job,) = hub.jobs.jobs.values()
    assert job.spec["flavor"] == "cpu-upgrade"
    assert job.spec["timeoutSeconds"] == 7200
    assert job.spec["command"][:4] == ["uv", "run", "--with", "charrnn-numpy"]
    assert job.spec["secrets"] == {"HF_TOKEN": ALICE}
    assert ALICE not in json.dumps(job.spec["environment"]) + json.dumps(job.spec["command"])
    assert job.stage == "COMPLETED"
    assert [line for line in shell.out.splitlines() if line.startswith("step     30")]
    assert f"{hub.url}/alice/rented" in shell.out
    assert "license: mit" in text_of(hub, "alice/rented")
    assert shell.keeps(ALICE) == []
    pulled = from_hub("alice/rented", token=False, endpoint=hub.url)
    assert pulled.metadata["steps"] == 30


def test_a_killed_job_goes_on_from_its_last_save_up_to_a_limit(hub: Hub, folder: Path) -> None:
    shell, before = Shell(hub, folder), set(hub.jobs.jobs)
    words = ["train", "the sea.txt", "--hidden-size", "12", "--steps", "1500", "--eval-every", "10"]
    words += ["--log-every", "1", "--save-every", "0.05", "--push", "alice/on", "--on-jobs", "cpu"]

    def jobs() -> list[Any]:
        return [job for name, job in hub.jobs.jobs.items() if name not in before]

    def kill(number: int) -> None:
        """Kill the job of this number once it has taken many steps, and so has saved."""
        wait_until(lambda: len(jobs()) > number and len(jobs()[number].lines) > 60)
        jobs()[number].process.kill()

    with ThreadPoolExecutor() as pool:
        kills = [pool.submit(kill, number) for number in (0, 1)]
        shell(*words, "--job-attempts", "2", code=2)
        for done in kills:
            done.result()
    assert [job.stage for job in jobs()] == ["ERROR", "ERROR"]
    assert "ended as ERROR" in shell.err
    shell(*words)  # the same command continues where those two ended
    assert [job.stage for job in jobs()] == ["ERROR", "ERROR", "COMPLETED"]
    firsts = [next(json.loads(x)["step"] for x in job.lines if x[0] == "{") for job in jobs()]
    assert firsts == sorted(set(firsts))
    assert from_hub("alice/on", token=False, endpoint=hub.url).metadata["steps"] == 1500
    assert not list(Path(hub.jobs.disk.name).rglob("model*.npz"))


def test_a_job_that_fails_or_cannot_start(hub: Hub, folder: Path) -> None:
    shell = Shell(hub, folder)
    words = ["train", "hello", "--push", "alice/fails", "--on-jobs", "cpu-basic"]
    shell(*words, "--learning-rate", "-1", code=2)
    assert "ended as ERROR" in shell.err
    assert "learning_rate" in shell.err  # the log's own line
    hub.jobs.credit = False
    shell(*words, code=2)
    assert "credit" in shell.err
    hub.jobs.credit = True
    hub.faults.append(Fault("/logs$", status=404))
    shell(*words, code=2)
    hub.faults.clear()
    assert "on the Hub" in shell.err
    assert shell.keeps(ALICE) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "hello", "--on-jobs", "cpu-basic"], "needs --push"),
        (["train", "hello", "--dry-run"], "needs --push"),
        (["train", "hello", "--push", "a/b", "--on-jobs", "x", "--resume", "m.npz"], "--resume"),
        (["train", "nothing.txt", "--push", "a/b", "--on-jobs", "x", "--dry-run"], "no file"),
    ],
)
def test_what_cannot_be_rented(
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", ALICE)
    assert main(words) == 2
    assert sentence in capsys.readouterr().err


def test_deploy(hub: Hub, folder: Path) -> None:
    shell = Shell(hub, folder)
    (printed,) = shell("deploy", "alice/my-page", "--json")
    assert printed["url"] == f"{hub.url}/spaces/alice/my-page"
    assert "app.py" in hub.repos["spaces/alice/my-page"].files
    assert shell.keeps(ALICE) == []


def test_the_clients_own_command_uploads_the_space_too(hub: Hub, folder: Path) -> None:
    """The other documented way: `hf upload`, from a checkout."""
    shell = Shell(hub, folder)
    hf = Path(sys.executable).with_name("hf")
    for words in (
        ["repos", "create", "alice/by-hf", "--type", "space", "--space-sdk", "gradio"],
        ["upload", "alice/by-hf", str(ROOT), ".", "--type", "space", "--exclude", "*.pyc",
         "--include", "charrnn/*", "--include", "data/*", "--include", "pretrained/*",
         "--include", "app.py", "--include", "README.md", "--include", "requirements.txt"],
    ):  # fmt: skip
        ended = subprocess.run(
            [str(hf), *words], env=shell.environment, cwd=folder, text=True, capture_output=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {"app.py", "README.md", "data/lighthouse.txt"} <= set(
        hub.repos["spaces/alice/by-hf"].files
    )


SEARCH = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
import search
rnn, gru = {"cell": "rnn", "hidden_size": 8}, {"cell": "gru", "hidden_size": 8}
rounds = ((0.2, 0, (rnn, gru, {"val_fraction": 0.0})), (0.4, 1, ()))
text = search.text_of("100 KB")._replace(rounds=rounds)
search.TEXTS = {"100 KB": ("lighthouse", lambda whole: text)}
search.main()
"""


def test_the_search_for_presets_runs_on_rented_machines(hub: Hub, folder: Path) -> None:
    """Each run is a job that runs benchmarks/search.py; one that fails is left out."""
    shell, before = Shell(hub, folder), len(hub.jobs.jobs)
    (folder / "run.py").write_text(SEARCH)
    words = [sys.executable, "run.py", str(ROOT / "benchmarks"), "--on-jobs", "cpu-basic"]
    words += ["--jobs", "3", "--results", "rows.jsonl"]

    def run(*more: str) -> str:
        return subprocess.run(
            [*words, *more], cwd=folder, env=shell.environment,
            text=True, stdout=subprocess.PIPE, check=True,
        ).stdout  # fmt: skip

    *planned, left = run("--dry-run").splitlines()
    assert [json.loads(line)["script_args"][3] for line in planned] == [
        'cell="rnn"', 'cell="gru"', 'val_fraction=0.0'
    ]  # fmt: skip
    assert left.startswith("and the best 1 ")
    assert len(hub.jobs.jobs) == before
    printed = run()
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    assert len(hub.jobs.jobs) == before + 4
    assert "ended as ERROR without a result" in printed
    first, second, last = rows
    assert {first["settings"]["cell"], second["settings"]["cell"]} == {"rnn", "gru"}
    assert last["settings"] == min(first, second, key=lambda row: row["loss"])["settings"]
    assert all(row["steps"] > 0 for row in rows)
    run()  # known runs are not repeated, except for the one that failed
    assert len(hub.jobs.jobs) == before + 5
    assert len((folder / "rows.jsonl").read_text().splitlines()) == 3
