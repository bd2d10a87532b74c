"""The table of settings: it checks values, and a new option costs one line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from charrnn import ModelConfig, Sampling, TrainConfig
from charrnn.config_fields import setting, table, validate

ROOT = Path(__file__).parent.parent

COLORS = ["red"]


@dataclass(frozen=True)
class Paint:
    """An example."""

    color: str = setting("red", "The color.", choices=COLORS)
    coats: int = setting(1, "Coats of it.", minimum=1, maximum=9)
    share: float = setting(0.5, "Share of water.", minimum=0, below=1, label="Water")
    dry: bool = setting(False, "Whether it has dried.")
    seed: int | None = setting(None, "A number, or none.", minimum=0)

    def __post_init__(self) -> None:
        validate(self)


@pytest.mark.parametrize("config", [ModelConfig, TrainConfig, Sampling, Paint])
def test_every_row_has_help_and_a_valid_default(config: type[Any]) -> None:
    for name, row in table(config).items():
        assert row.help.endswith("."), name
        assert row.label, name
        row.check(row.default)


def test_a_row_knows_what_the_field_says() -> None:
    rows = table(Paint)
    assert (rows["share"].label, rows["coats"].label) == ("Water", "Coats")
    assert (rows["seed"].kind, rows["seed"].optional, rows["dry"].kind) == (int, True, bool)


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        ({"color": "blue"}, "color must be one of red"),
        ({"color": ["red"]}, "color must be text"),
        ({"coats": 0}, "coats must lie between 1 and 9"),
        ({"coats": 2.0}, "coats must be a whole number"),
        ({"coats": True}, "coats must be a whole number"),
        ({"share": 1}, "share must be at least 0 and below 1"),
        ({"share": float("nan")}, "share must be at least 0"),
        ({"dry": 1}, "dry must be true or false"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_range(values: dict[str, Any], fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        Paint(**values)


def test_a_registry_may_grow() -> None:
    COLORS.append("green")
    try:
        assert Paint("green").color == "green"
    finally:
        COLORS.remove("green")


def test_json_values_become_the_fields_type() -> None:
    rows = table(Paint)
    assert rows["coats"].convert(3.0) == 3
    assert type(rows["share"].convert(0)) is float
    assert rows["coats"].convert(None) == 1
    assert rows["seed"].convert(" 7 ") == 7
    assert rows["seed"].convert("") is None
    for value in ("3", True, [1], 10**400):
        with pytest.raises(ValueError, match="Coats must be a number"):
            rows["coats"].convert(value)


LINE = '    lamps: int = setting(2, "Lamps to light.", minimum=1, maximum=9, label="Lamps lit")\n'

EVERYWHERE = """
import contextlib, io
from charrnn.__main__ import build_parser, main

assert build_parser().parse_args(["train", "--lamps", "3"]).lamps == 3
with contextlib.redirect_stdout(io.StringIO()) as help:
    main(["train", "--help"])
assert "Lamps to light. (default: 2)" in " ".join(help.getvalue().split())

from charrnn import ui
from charrnn.service.scheduler import Scheduler
from charrnn.ui import query_string
from charrnn.ui.train.api import api_job

page = ui.build()
(control,) = [b for b in page.blocks.values() if getattr(b, "label", "") == "Lamps lit"]
assert (control.value, control.minimum, control.info) == (2, 1, "Lamps to light.")
assert query_string.read({"lamps": "4"})["lamps"] == 4
assert query_string.read({"lamps": "10"}) == {}
assert "lamps: Lamps to light." in page.get_api_info()["named_endpoints"]["/train"]["description"]
job = api_job(Scheduler(30, 1), "hello", "standard", {"lamps": 5}, 5)
assert job.config.lamps == 5
"""


def test_a_new_option_costs_one_line(tmp_path: Path) -> None:
    """It is validated, and becomes a flag, a control, part of the address and of /train."""
    shutil.copytree(ROOT / "charrnn", tmp_path / "charrnn")
    for folder in ("data", "pretrained"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    path = tmp_path / "charrnn" / "training" / "config.py"
    source = path.read_text("utf-8")
    path.write_text(source.replace("    steps: int =", LINE + "    steps: int =", 1), "utf-8")
    argv = [sys.executable, "-c", EVERYWHERE]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
