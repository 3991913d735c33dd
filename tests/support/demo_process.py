"""A real `bizaiops demo` in a process of its own: started, talked to over REST, killed by its own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]
BOT = (sys.executable, "-m", "bizaiops_bot")
START_S = 90.0
ENDED = {"succeeded", "failed", "rejected", "cancelled", "expired"}
JSON = dict[str, Any]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without what would lead a bot astray; its own code is found in the checkout."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BIZAIOPS_", "PYTHON", "VIRTUAL_ENV"))}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT), **more}


def run_cli(
    *words: str,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
    stdin: str | None = None,
    cwd: Path = ROOT,
    command: Sequence[str] = BOT,
) -> subprocess.CompletedProcess[str]:
    """One `bizaiops` command to its end."""
    return subprocess.run(
        [*command, *words],
        env=dict(env or clean_environment()),
        cwd=cwd,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


class DemoProcess:
    """One bot on one folder and port; `start` again after `crash` or `interrupt` goes on where it was.

    speed: world seconds a real second; None for the demo's own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        speed: float | None = 240,
        command: Sequence[str] = BOT,
        options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.port, self.speed = folder, port or free_port(), speed
        self.calm: float | None = None
        """World seconds a real one while nothing is under way; None: always `speed`."""
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.with_name(f"{folder.name}.log")
        self._command, self._options, self._settings = tuple(command), tuple(options), dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.http = self._client()

    # -- the process -------------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self._process is not None, "the bot was not started"
        return self._process.pid

    def start(self, *, speed: float | None = None, wait: bool = True) -> DemoProcess:
        """Starts the bot; returns when it is ready."""
        self.speed = speed or self.speed
        words = self._words()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *words, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=ROOT,
                start_new_session=True,
            )
        if wait:
            eventually(self.is_ready, "the bot's start", patience_s=START_S)
        return self

    def environment(self) -> dict[str, str]:
        """Variables that it is started with, for a command beside it."""
        return clean_environment(**self._settings)

    def _words(self) -> list[str]:
        words = ["demo", "--data", str(self.folder), "--port", str(self.port), "--no-browser"]
        if self.calm is not None:
            self._settings |= {"BIZAIOPS_EMBEDDED__CALM_SPEED": str(self.calm)}
        return words if self.speed is None else [*words, "--speed", str(self.speed)]

    def _as(self, by: str) -> dict[str, str]:
        """Headers that say who it is; in the demo the body says it."""
        return {}

    def is_ready(self) -> bool:
        """Whether it answers; fails with its last words if it has ended instead."""
        assert self._process is not None
        assert self._process.poll() is None, f"the bot ended: {self.said()[-2000:]}"
        try:
            return self.http.get("/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def said(self) -> str:
        """Everything it wrote to its terminal."""
        return self.log.read_text(errors="replace")

    def children(self) -> list[psutil.Process]:
        """Its subprocesses that are alive."""
        try:
            return [c for c in psutil.Process(self.pid).children(recursive=True) if c.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    def crash(self) -> None:
        """kill -9: no chance to save anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)
        self._fresh_connections()

    def interrupt(self, sign: signal.Signals = signal.SIGINT, *, patience_s: float = 20.0) -> tuple[int, float]:
        """Ctrl-C; returns the exit code and the seconds it took."""
        assert self._process is not None
        self._process.send_signal(sign)
        return self.ended(patience_s=patience_s)

    def ended(self, *, patience_s: float = 20.0) -> tuple[int, float]:
        """Waits until it has ended by itself; returns the exit code and the seconds it took from now."""
        assert self._process is not None
        began = time.monotonic()
        code = self._process.wait(timeout=patience_s)
        self._fresh_connections()
        return code, time.monotonic() - began

    def end(self) -> None:
        """Ends it, however it stands."""
        if self._process is not None and self._process.poll() is None:
            try:
                self.interrupt()
            except subprocess.TimeoutExpired:
                self.crash()
        self.http.close()

    def _fresh_connections(self) -> None:
        self.http.close()
        self.http = self._client()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    # -- talking -----------------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """JSON of an address that must answer 200."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:500]}"
        return answer.json()

    def post(self, text: str, by: str = "engineer", conversation: str = "ml-ops", *, thread: str | None = None) -> str:
        """Says it; returns the message's id once the bot has promised to answer (202)."""
        said = {"actor": by, "text": text, "thread": thread}
        place = f"/api/conversations/{conversation}/messages"
        answer = self.http.post(place, json=said, headers=self._as(by))
        assert answer.status_code == 202, f"{answer.status_code}: {answer.text[:500]}"
        message_id: str = answer.json()["message_id"]
        return message_id

    def cards(self, conversation: str = "ml-ops") -> list[JSON]:
        """The newest version of every card."""
        cards: list[JSON] = []
        while page := self.get(
            f"/api/conversations/{conversation}/cards", after=cards[-1]["seq"] if cards else 0, limit=500
        ):
            cards += page
        return cards

    def answers(self, message_id: str, conversation: str = "ml-ops") -> list[JSON]:
        """All cards that answer a message."""
        return [card for card in self.cards(conversation) if card["reply_to"] == message_id]

    def says(self, text: str, by: str = "engineer", conversation: str = "ml-ops", *, patience_s: float = 30) -> JSON:
        """Says it and returns the answer's card."""
        message_id = self.post(text, by, conversation)
        found = eventually(
            lambda: self.answers(message_id, conversation), f"an answer to {text!r}", patience_s=patience_s
        )
        return found[-1]

    def click(self, card: JSON, label: str, by: str) -> JSON:
        """Clicks the button with this label as the card showed it."""
        labels = {button["label"]: button["id"] for button in card["buttons"]}
        assert label in labels, f"no button {label!r} among {sorted(labels)} on {card['title']!r}: {card['text']}"
        clicked = {"actor": by, "card_id": card["id"], "button_id": labels[label]}
        answer = self.http.post("/api/clicks", json=clicked, headers=self._as(by))
        assert answer.status_code == 200, answer.text[:500]
        found: JSON = answer.json()
        return found

    def weights(self, model: str) -> dict[str, int]:
        """Version -> percent of the requests."""
        shares = self.get(f"/api/models/{model}")["revisions"]
        return {share["version"]: share["weight"] for share in shares if share["weight"]}

    def run(self, number: int) -> JSON:
        """A run as it stands."""
        found: JSON = self.get(f"/api/runs/{number}")
        return found

    def finished(self, number: int, *, patience_s: float = 90) -> JSON:
        """The run once it has ended."""
        return eventually(
            lambda: record if (record := self.run(number))["status"] in ENDED else None,
            f"the end of run {number}",
            patience_s=patience_s,
            every_s=0.2,
        )

    def audit(self) -> list[JSON]:
        """Every entry of the log, oldest first."""
        entries: list[JSON] = []
        while page := self.get("/api/audit", limit=500, **({"before": entries[-1]["seq"]} if entries else {})):
            entries += page
        return list(reversed(entries))
