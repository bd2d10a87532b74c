"""The endpoints without a session: by an MCP client, gradio_client and the JavaScript client."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from programs import missing, program
from serving import serving
from waiting import PATIENCE

TEXT = "hello world, said the sea. " * 100


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("page"), seconds=30) as address:
        yield address


def test_an_mcp_client_lists_and_calls_the_tools(url: str) -> None:
    mcp = pytest.importorskip("mcp", reason="needs the package mcp")
    from mcp.client.streamable_http import streamable_http_client

    async def use() -> tuple[dict[str, Any], list[Any]]:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (reading, writing, _),
            mcp.ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            answers = []
            for name, arguments in (
                ("write", {"model": "lighthouse", "seed": "The ", "length": 40}),
                ("score", {"model": "lighthouse", "text": "The lamp is lit."}),
                ("train_and_write", {"text": TEXT, "seconds": 2}),
            ):
                (full,) = [known for known in tools if known.endswith(name)][:1]
                answers.append(await session.call_tool(full, arguments))
            return tools, answers

    tools, answers = asyncio.run(use())
    assert not [answer for answer in answers if answer.isError]
    written, scored, trained = (answer.content[0].text for answer in answers)
    assert len(written) >= 40
    assert "nats" in scored
    assert "loss" in trained
    for name in ("write", "score", "train_and_write"):
        (tool,) = [tool for known, tool in tools.items() if known == name]
        assert tool.description
        described = tool.inputSchema["properties"].values()
        assert all(entry.get("description") for entry in described)


@pytest.mark.parametrize(
    ("arguments", "name", "sentence"),
    [
        (("nobody",), "/write", "There is no model"),
        (("lighthouse", "", 5000), "/write", "length must be"),
        (("lighthouse", "", 10, 9.0), "/write", "temperature must be"),
        (("lighthouse", "x"), "/score", "at least 2"),
        (("a", 5), "/train_and_write", "at least 2"),
        ((TEXT, 500), "/train_and_write", "seconds must be"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    url: str, arguments: tuple[Any, ...], name: str, sentence: str
) -> None:
    client = Client(url, verbose=False, httpx_kwargs={"timeout": PATIENCE})
    with pytest.raises(Exception, match=sentence):
        client.predict(*arguments, api_name=name)


SCRIPT = """
import { Client } from "@gradio/client";
const client = await Client.connect(process.argv[2]);
const written = await client.predict("/write", { model: "lighthouse", length: 30 });
const scored = await client.predict("/score", { model: "lighthouse", text: "The lamp is lit." });
const text = "hello world, said the sea. ".repeat(100);
const options = { hidden_size: 8, steps: 20 };
let last;
const run = client.submit("/train", { text, recipe: "standard", options, seconds: 10 });
for await (const event of run)
  if (event.type === "data") last = event.data[0];
const generated = await client.predict("/generate", { seed: "the " });
const file = await client.predict("/download_model", {});
const blob = await (await fetch(file.data[0].url)).blob();
const loaded = await client.predict("/load_model", { file: blob });
console.log(JSON.stringify({
  written: written.data[0], scored: scored.data[0], trained: last,
  generated: generated.data[0], loaded: loaded.data[0],
}));
process.exit(0);
"""


@pytest.mark.slow
def test_the_javascript_client_calls_the_endpoints(url: str, tmp_path: Path) -> None:
    install = [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "@gradio/client"]
    (tmp_path / "package.json").write_text('{"type": "module"}')
    if subprocess.run(install, cwd=tmp_path, capture_output=True).returncode:
        missing("needs a registry that has @gradio/client")
    (tmp_path / "use.js").write_text(SCRIPT)
    done = subprocess.run(
        [program("node"), "use.js", url], cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert len(answer["written"]) >= 30
    assert answer["scored"]["nats"] > 0
    assert answer["trained"]["state"] == "over"
    assert answer["generated"]
    assert answer["loaded"]
