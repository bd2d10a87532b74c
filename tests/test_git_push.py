"""`git push` of this repository to a Space, by the commands in docs/hub.md."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hub_git import bare_repository
from programs import program

import charrnn
from charrnn.hub.spaces.files import files_of_space

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("NAME", "EMAIL")
COMMANDS = re.compile(r"^```sh\n(git clone .*?)```", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell"),
]


def shell(folder: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands as a user with a name, without this machine's own settings."""
    me = {f"GIT_{who}_{what}": "me@example" for who in ("AUTHOR", "COMMITTER") for what in NAMES}
    environment = {**os.environ, **me, "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands)],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository, alone in a folder."""
    program("git-lfs")
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone")
    folder = tmp_path_factory.mktemp("push")
    done = shell(folder, f"git clone --quiet '{ROOT.as_uri()}' charrnn")
    assert done.returncode == 0, done.stderr
    return folder / "charrnn"


def test_a_plain_push_is_refused_for_its_binary_files(checkout: Path, tmp_path: Path) -> None:
    space = bare_repository(tmp_path / "space.git")
    commit = '"$(git commit-tree -m charrnn HEAD^{tree})"'  # without its history, to be quick
    done = shell(checkout, f"git push {space} {commit}:refs/heads/main")
    assert done.returncode
    assert "lighthouse.npz: a binary file" in done.stderr


def test_the_commands_of_the_docs_push_all_that_a_space_needs(
    checkout: Path, tmp_path: Path
) -> None:
    space = bare_repository(tmp_path / "space.git")
    (commands,) = COMMANDS.findall((ROOT / "docs" / "hub.md").read_text(encoding="utf-8"))
    done = shell(checkout, re.sub(r"https://\S+", space, commands))
    assert done.returncode == 0, done.stderr
    got = tmp_path / "got"  # as the platform gets it, with its LFS files
    done = shell(
        tmp_path,
        f"GIT_LFS_SKIP_SMUDGE=1 git clone --quiet --branch main {space} got",
        "cd got && git lfs install --local && git lfs pull",
    )
    assert done.returncode == 0, done.stderr
    files = files_of_space(checkout)
    assert files.keys() == files_of_space(got).keys()
    for path, file in files.items():
        assert (got / path).read_bytes() == file.read_bytes(), path
    assert charrnn.load(got / "pretrained" / "lighthouse.npz").metadata["steps"]
