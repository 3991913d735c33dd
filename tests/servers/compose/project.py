"""The compose file as a person starts it, and people who have signed in to what it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.servers.compose.docker import Docker
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[3]
UP_S = 1500.0
READY_S = 240.0


class Compose:
    """The project as a person starts it."""

    def __init__(self, docker: Docker, name: str, site: str, *, profile: str = "") -> None:
        """site: where its console is."""
        self._docker, self.site, self._words = docker, site, [*docker.compose(), "--project-name", name]
        self._words += ["--profile", profile] if profile else []
        self._words += ["--file", str(ROOT / "docker-compose.yml"), "--project-directory", str(ROOT)]

    def __call__(self, *words: str, timeout_s: float = UP_S) -> str:
        return self._docker.run(*self._words, *words, timeout_s=timeout_s)

    def up(self, *services: str, build: bool = True) -> None:
        self("up", "--detach", *(["--build"] if build else []), *services)
        eventually(self._ready, "the bot is ready", patience_s=READY_S, every_s=1.0)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.site}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self, service: str) -> None:
        """With -9. An old compose answers an option that it does not know with its help, and with success."""
        container = self("ps", "-q", service).strip()
        self("kill", "-s", "SIGKILL", service)
        state = ("docker", "inspect", "--format", "{{.State.Running}}", container)
        assert self._docker.run(*state).strip() == "false", f"{service} was not killed"

    def away(self) -> None:
        """With everything that it kept."""
        self("down", "--volumes", "--remove-orphans")


class Person:
    """Somebody who has signed in with their token."""

    def __init__(self, site: str, token: str) -> None:
        self._http = httpx.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def says(self, text: str) -> dict[str, Any]:
        answer = self._http.post("/api/conversations/ml-ops/messages", json={"text": text})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self._http.close()

    def run(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get(f"/api/runs/{number}").raise_for_status().json()
        return found

    def weights(self, model: str) -> dict[str, int]:
        """Version -> percent of the requests."""
        found = self._http.get(f"/api/models/{model}").raise_for_status().json()["revisions"]
        return {share["version"]: share["weight"] for share in found if share["weight"]}

    def sees(self, number: int, status: str) -> bool:
        """Whether there is the run, and stands so."""
        answer = self._http.get(f"/api/runs/{number}")
        return answer.status_code == 200 and answer.json()["status"] == status

    def approves(self, number: int) -> None:
        self._http.post(f"/api/runs/{number}/decision", json={"decision": "approve"}).raise_for_status()
