"""The playground's process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.demo_process import free_port
from tests.support.eventually import eventually
from tests.support.npm import installed
from tests.support.teams_stand.company import PERSONAL, write_config

FOLDER = Path(__file__).parent
PROGRAM = "@microsoft/m365agentsplayground/cli.js"


@contextmanager
def playground(bot: str, folder: Path) -> Iterator[str]:
    """A running playground that brings everything to `bot`; gives its URL. folder: its own, for its files."""
    write_config(folder)
    port = free_port()
    line = [
        "node",
        str(installed(FOLDER, PROGRAM)),
        "-e",
        bot,
        "-c",
        "msteams",
        "-p",
        str(port),
        "--conversation-id",
        PERSONAL,
        "--dt",
    ]
    url = f"http://127.0.0.1:{port}"
    with (folder / "playground.log").open("wb") as log:
        server = subprocess.Popen(line, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(server, url), "the start of the playground", patience_s=40)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=10)


def _answers(server: subprocess.Popen[bytes], url: str) -> bool:
    """A file of people that it does not like ends it without a word."""
    assert server.poll() is None, "the playground ended"
    try:
        return httpx.get(f"{url}/_debug/ping", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
