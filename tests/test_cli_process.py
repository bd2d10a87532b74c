"""The command line as a real process: signals, pipes, exit codes, and what is left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import PATIENCE

import charrnn

fcntl = pytest.importorskip("fcntl", reason="POSIX signals and terminals")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "charrnn"]
ADAGRAD = [*COMMAND, "train", "--recipe", "adagrad", "--json", "--log-every", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and this checkout's package from anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@contextmanager
def started(*argv: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has ended after the block."""
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def steps(process: subprocess.Popen[str], count: int) -> None:
    """Wait until training has reported this many steps."""
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline().startswith("{")


def wait_for_handlers(pid: int) -> None:
    """Wait until the process catches SIGTERM, which Python does not do by default."""
    bit = 1 << (signal.SIGTERM - 1)
    for _ in range(2000):
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) & bit:
            return
        time.sleep(0.005)
    raise AssertionError("no handlers")


def writes(path: str) -> str:
    """What a model file writes, through a process of its own."""
    argv = [*COMMAND, "generate", path, "--seed", "The ", "--length", "100", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, encoding="utf-8")
    text: str = json.loads(done.stdout)["text"]
    return text


@pytest.mark.parametrize("after", [1, 30, 200])
def test_ctrl_c_while_it_trains_leaves_a_whole_file(after: int) -> None:
    with started(*ADAGRAD) as process:
        steps(process, after)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    last = json.loads(out.splitlines()[-1])
    assert last["stopped"] == "SIGINT"
    assert last["step"] >= after
    assert charrnn.load("adagrad.npz").metadata["steps"] == last["step"]
    assert len(writes("adagrad.npz")) == 100


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_ctrl_c_before_the_first_step_leaves_a_whole_file() -> None:
    with started(*ADAGRAD) as process:
        wait_for_handlers(process.pid)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert len(writes("adagrad.npz")) == 100


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
def test_ctrl_c_between_and_within_saves_leaves_a_whole_file(delay: float) -> None:
    with started(*ADAGRAD, "--save-every", "1e-9") as process:  # nearly always at a save
        steps(process, 3)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert len(writes("adagrad.npz")) == 100
    assert {path.name for path in Path().iterdir()} - {"adagrad.previous.npz"} == {"adagrad.npz"}


def test_ctrl_c_twice_saves() -> None:
    """Impatient people press it twice, and wrappers pass on a signal that already arrived."""
    with started(*ADAGRAD, "--hidden-size", "700") as process:
        steps(process, 3)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    last = json.loads(out.splitlines()[-1])
    assert (process.returncode, last["stopped"]) in ((130, "SIGINT"), (143, "SIGTERM"))
    assert "Traceback" not in err
    assert charrnn.load("adagrad.npz").metadata["steps"] == last["step"] >= 3


def test_the_third_ctrl_c_ends_at_once_and_keeps_the_file_before() -> None:
    with started(*ADAGRAD, "--save-every", "1e-9", "--hidden-size", "700") as process:
        steps(process, 3)
        before = charrnn.load("adagrad.npz").metadata["steps"]
        process.send_signal(signal.SIGINT)
        for _ in range(1000):  # until it has ended, or can be signaled again
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        process.communicate(timeout=PATIENCE)
    assert process.returncode in (130, -signal.SIGINT)
    assert charrnn.load("adagrad.npz").metadata["steps"] >= before
    assert {path.name for path in Path().iterdir()} - {"adagrad.previous.npz"} == {"adagrad.npz"}


def test_sigterm_saves_too() -> None:
    with started(*ADAGRAD) as process:
        steps(process, 5)
        process.terminate()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads(out.splitlines()[-1])["stopped"] == "SIGTERM"
    assert len(writes("adagrad.npz")) == 100


def test_a_stopped_run_goes_on() -> None:
    with started(*ADAGRAD) as process:
        steps(process, 5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    before = charrnn.load("adagrad.npz").metadata["steps"]
    argv = [*COMMAND, "train", "--resume", "adagrad.npz", "--steps", str(before + 7)]
    subprocess.run([*argv, "--no-baselines"], check=True, capture_output=True)
    assert charrnn.load("adagrad.npz").metadata["steps"] == before + 7


def test_a_run_saves_by_itself() -> None:
    with started(*ADAGRAD, "--save-every", "0.05") as process:
        steps(process, 2)
        for _ in range(400):
            if Path("adagrad.npz").exists():
                break
            steps(process, 1)
        process.kill()
        process.wait()
    assert len(writes("adagrad.npz")) == 100


def test_a_closed_pipe_is_quiet_and_saves() -> None:
    with started(*ADAGRAD) as process:
        steps(process, 3)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=PATIENCE) == 141
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert len(writes("adagrad.npz")) == 100


def test_a_closed_pipe_of_generate_is_quiet() -> None:
    script = "{} -m charrnn train --recipe hello > /dev/null; {} -m charrnn generate hello.npz "
    script = script.replace("{}", f"'{sys.executable}'") + "--length 100000 | head -c 5"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, timeout=PATIENCE, check=False
    )
    assert len(done.stdout) == 5
    assert done.stderr == b""


FULL = Path("/dev/full")
SMALL = ["--hidden-size", "8", "--no-baselines", "--final-length", "0"]


def shell(script: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """A script with `$0 "$@"` as the command line."""
    return subprocess.run(
        ["bash", "-c", script, *argv], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_under_the_output_costs_no_training() -> None:
    argv = [*COMMAND, "train", "hello", *SMALL, "--steps", "60", "--log-every", "1"]
    done = shell('"$0" "$@" > /dev/full', *argv)
    assert done.returncode == 74
    assert done.stderr.count("\n") == 1
    assert charrnn.load("hello.npz").metadata["steps"] == 60


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_cost_nothing(closed: str) -> None:
    """Not a byte of the model is lost, whose file would get a closed stream's descriptor."""
    done = shell(f'"$0" "$@" {closed}', *COMMAND, "train", "hello", *SMALL, "--steps", "60")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert charrnn.load("hello.npz").metadata["steps"] == 60
    for other in (["generate", "hello.npz"], ["info", "hello.npz"], ["--help"], ["info", "none"]):
        done = shell(f'"$0" "$@" {closed}', *COMMAND, *other)
        assert done.returncode == (2 if other[-1] == "none" else 0)
        assert "Traceback" not in done.stderr
    assert shell('"$0" "$@" <&-', *COMMAND, "train", "-").returncode == 2


def test_two_runs_with_one_file_keep_a_model_each() -> None:
    """The second run to end says so, and saves beside the first."""
    argv = [*COMMAND, "train", "--settings", "adagrad", "--json", "--log-every", "1"]
    argv += ["--out", "one.npz", "--save-every", "1e6", "--hidden-size"]
    with started(*argv, "9") as first, started(*argv, "7") as second:
        for process in (first, second):
            steps(process, 2)
        told = []
        for process in (first, second):
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
            told.append((json.loads(out.splitlines()[-1])["out"], "one-2.npz" in err))
    assert told == [("one.npz", False), ("one-2.npz", True)]
    sizes = [charrnn.load(name).config.hidden_size for name, _ in told]
    assert sizes == [9, 7]


def test_errors_reach_the_shell() -> None:
    done = subprocess.run(
        [*COMMAND, "score", "none.npz", "none.txt"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_output_is_utf8_whatever_the_code_page() -> None:
    Path("text.txt").write_text("naïve café – ☕ " * 20, encoding="utf-8")
    env = dict(os.environ, PYTHONIOENCODING="cp1252")
    argv = [*COMMAND, "train", "text.txt", "--steps", "2", "--hidden-size", "4", "--out", "t.npz"]
    done = subprocess.run(argv, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    argv = [*COMMAND, "generate", "t.npz", "--seed", "☕", "--length", "50"]
    done = subprocess.run(argv, capture_output=True, env=env, check=True)
    assert done.stdout.decode("utf-8").startswith("☕")


@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("2", None)])
def test_one_blas_thread_unless_the_environment_asks(
    asked: str | None, threads: int | None
) -> None:
    """Where NumPy includes OpenBLAS: its own thread count is read before and after."""
    code = """
import ctypes, os, pathlib, numpy
from charrnn.cli.threads import FOLDERS, use_one_thread
package = pathlib.Path(numpy.__file__).parent
paths = [path for folder in FOLDERS for path in (package / folder).glob("*openblas*")]
if paths:
    count = ctypes.CDLL(str(paths[0])).scipy_openblas_get_num_threads64_
    before = count()
    use_one_thread()
    print(before, count())
"""
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    env |= {"OPENBLAS_NUM_THREADS": asked} if asked else {}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
    )
    if not done.stdout:
        pytest.skip("this NumPy has no OpenBLAS of its own")
    before, after = map(int, done.stdout.split())
    assert after == (threads or before)


def test_a_terminal_gets_a_bar() -> None:
    """In a real pseudo-terminal: percent, loss, validation, speed and time left."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    argv = [*COMMAND, "train", "lighthouse", "--seconds", "1.5", "--hidden-size", "16"]
    argv += ["--val-fraction", "0.01", "--no-baselines"]
    process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while select.select([master], [], [], 60)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    text = shown.decode()
    for word in ("%|", "nats (", "characters/s", "100%", "Done: "):
        assert word in text


@pytest.mark.parametrize("terminal", [True, False])
def test_control_characters_of_a_model_are_escaped_on_a_terminal_only(
    terminal: bool, folder: Path
) -> None:
    """A stranger's model may write sequences that move the cursor or set the window's title."""
    text = "\x1b]0;mine\x07\x1b[2J\u202e\t\r\n" * 40
    model = charrnn.CharRNN(charrnn.Vocabulary.from_text(text), charrnn.ModelConfig("rnn", 4))
    charrnn.save(model, folder / "wild.npz")
    argv = [*COMMAND, "generate", "wild.npz", "--length", "400", "--temperature", "5"]
    if not terminal:
        out = subprocess.run(argv, capture_output=True, check=True).stdout
        assert b"\x1b" in out
        return
    master, slave = pty.openpty()
    with subprocess.Popen(argv, stdout=slave, stderr=subprocess.DEVNULL) as process:
        os.close(slave)
        out = b"".join(iter(lambda: read_terminal(master), b""))
        process.wait(PATIENCE)
    assert b"\\x1b" in out
    assert b"\\u202e" in out
    assert b"\x1b" not in out
    assert "\u202e".encode() not in out


def read_terminal(descriptor: int) -> bytes:
    """What the program in a terminal wrote; nothing when it has ended."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
