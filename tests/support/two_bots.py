"""Two whole bots on one PostgreSQL and one Redis, and what they serve outside of them: each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bizaiops_bot.engine.audit import signing_keys
from tests.support.demo_process import ROOT, DemoProcess, clean_environment, free_port
from tests.support.eventually import eventually

TOKENS = {person: f"the-token-of-the-{person}" for person in ("engineer", "lead", "sre", "analyst")}
COMPANY = ROOT / "examples" / "two-bots"
RATE = 200
"""Requests a second for each model: enough that a canary of 10% can be judged in a minute."""


class ServingProcess:
    """`python -m examples.serving_stand`."""

    def __init__(self, folder: Path, *, rate: int = RATE) -> None:
        self.port, self._state, self._rate = free_port(), folder / "stand.json", rate
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> ServingProcess:
        words = [sys.executable, "-m", "examples.serving_stand", "--port", str(self.port), "--rate", str(self._rate)]
        self._process = subprocess.Popen([*words, "--state", str(self._state)], env=clean_environment(), cwd=ROOT)
        eventually(self._answers, "the serving stand's start")
        return self

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=10)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.http.close()

    def answers_late(self, seconds: float) -> None:
        """Changes are made at once, and told so much later."""
        self.http.post("/stand/late", json={"seconds": seconds}).raise_for_status()

    def calls(self, model: str = "churn") -> list[dict[str, Any]]:
        """Every call that was to change the model's service, as the stand itself has noted it."""
        return [call for call in self.http.get("/stand/calls").json() if call["model"] == model]

    def changes(self, model: str = "churn") -> list[str]:
        """What was really changed, in order."""
        return [call["change"] for call in self.calls(model) if call["came"] == "done"]

    def weights(self, model: str = "churn") -> dict[str, int]:
        told = self.http.get(f"/v1/services/production/{model}").json()
        return {found["version"]: found["weight"] for found in told["revisions"] if found["weight"]}

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, "the serving stand ended"
        try:
            return self.http.get("/v1/ready").status_code == 200
        except httpx.TransportError:
            return False


class ServeProcess(DemoProcess):
    """`bizaiops serve` on the company of examples/two-bots. `get` is asked as the engineer."""

    def __init__(self, folder: Path, serving: ServingProcess, database: str, redis: str, audit_key: Path) -> None:
        settings = {
            "BIZAIOPS_COMPANY_DIR": str(COMPANY),
            "BIZAIOPS_STORE__KIND": "postgres",
            "BIZAIOPS_STORE__URL": database,
            "BIZAIOPS_CACHE__KIND": "redis",
            "BIZAIOPS_CACHE__URL": redis,
            "BIZAIOPS_TOKENS": json.dumps(TOKENS),
            "BIZAIOPS_AUDIT_KEY": str(audit_key),
            **{f"BIZAIOPS_{port}__BASE_URL": serving.url for port in ("SERVING", "METRICS", "REGISTRY")},
        }
        super().__init__(folder, settings=settings)

    def _words(self) -> list[str]:
        return ["serve", "--data", str(self.folder), "--port", str(self.port)]

    def _as(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKENS[by]}"}

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, headers=self._as("engineer"))


class TwoBots:
    """first and second are ready, on an empty database."""

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        self._database, key = database, folder / "audit.key"
        signing_keys.load_or_make(folder)
        self.serving = ServingProcess(folder).start()
        self.first, self.second = (
            ServeProcess(folder / name, self.serving, database, redis, key) for name in ("first", "second")
        )

    def start(self) -> None:
        """The first makes the tables; both may."""
        for bot in (self.first, self.second):
            bot.start(wait=False)
        for bot in (self.first, self.second):
            eventually(bot.is_ready, "the bot's start", patience_s=90)

    def end(self) -> None:
        for process in (self.first, self.second, self.serving):
            process.end()

    def doubled(self) -> list[str]:
        """Keys by which something was changed more than once."""
        done = Counter(call["key"] for call in self.serving.calls() if call["came"] == "done")
        return [key for key, count in done.items() if count > 1]

    def holder(self, run: int) -> tuple[ServeProcess, ServeProcess]:
        """The bot that carries the run out, and the other one."""
        query = "SELECT w.pid FROM runs r JOIN workers w ON w.id = r.worker WHERE r.id = %s"
        with psycopg.connect(self._database) as conn:
            row = conn.execute(query, (run,)).fetchone()
        assert row is not None, f"nobody carries run {run} out"
        one, other = self.first, self.second
        return (one, other) if row[0] == one.pid else (other, one)
