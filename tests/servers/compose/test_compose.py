"""`docker compose up` without edits: a person signs in, releases a model, and nothing is lost whatever is restarted.

The images of Python, PostgreSQL and Redis are stand-ins from Debian's packages where those of the registry cannot be had:
what is proved are our own image, the wiring, and the bot on the real servers; not the official images' entrypoints.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.compose.docker import Docker
from tests.servers.kept import CannotBuild, missing
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[3]
SITE = "http://127.0.0.1:8642"
PROJECT = "bizaiops-test"
UP_S = 1500.0
READY_S = 240.0
APPROVAL_S = 120.0


class Compose:
    """The project as a person starts it."""

    def __init__(self, docker: Docker) -> None:
        self._docker, self._words = docker, [*docker.compose(), "--project-name", PROJECT]
        self._words += ["--file", str(ROOT / "docker-compose.yml"), "--project-directory", str(ROOT)]

    def __call__(self, *words: str, timeout_s: float = UP_S) -> str:
        return self._docker.run(*self._words, *words, timeout_s=timeout_s)

    def up(self) -> None:
        self("up", "--detach", "--build")
        eventually(self._ready, "the bot is ready", patience_s=READY_S, every_s=1.0)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{SITE}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def tokens(self) -> dict[str, str]:
        lines = self("exec", "-T", "bot", "bizaiops", "tokens").splitlines()
        return dict(line.split("\t") for line in lines)


class Person:
    """Somebody who has signed in with their token."""

    def __init__(self, token: str) -> None:
        self._http = httpx.Client(base_url=SITE, headers={"Authorization": f"Bearer {token}"}, timeout=60)

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

    def sees(self, number: int, status: str) -> bool:
        """Whether there is the run, and stands so."""
        answer = self._http.get(f"/api/runs/{number}")
        return answer.status_code == 200 and answer.json()["status"] == status

    def approves(self, number: int) -> None:
        self._http.post(f"/api/runs/{number}/decision", json={"decision": "approve"}).raise_for_status()


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    try:
        docker = Docker(tmp_path_factory.mktemp("docker"))
    except CannotBuild as why:
        missing("Docker", why)
        raise
    try:
        made = docker.stand_ins()
        sys.stderr.write(f"\nStand-ins, not the official images: {', '.join(made) or 'none'}\n")
        started = Compose(docker)
        started("down", "--volumes", "--remove-orphans")
        yield started
        started("down", "--volumes", "--remove-orphans")
    except CannotBuild as why:
        missing("The containers", why)
    finally:
        docker.end()


@pytest.fixture
def people() -> Iterator[Callable[[str], Person]]:
    """Signs people in by their token."""
    with ExitStack() as stack:
        yield lambda token: stack.enter_context(closing(Person(token)))


def test_a_release_begun_before_everything_is_restarted_is_there_afterwards(
    compose: Compose, people: Callable[[str], Person]
) -> None:
    compose.up()
    # given somebody who may not sign in without a token, and two who have theirs
    assert httpx.get(f"{SITE}/api/models").status_code == 401
    assert "FAIL" not in compose("logs", "bot"), "every part the bot needs answers at its start"
    tokens = compose.tokens()
    engineer, lead = people(tokens["engineer"]), people(tokens["lead"])
    engineer.says("deploy churn v2 as a 10% canary")
    eventually(lambda: engineer.sees(1, "waiting"), "the plan waits for its approval", patience_s=APPROVAL_S)

    # when the bot is killed and the database restarted while it waits
    compose("kill", "--signal", "SIGKILL", "bot")
    compose("restart", "postgres")
    compose.up()

    # then it still waits, with the same people and tokens, and what is approved is carried out
    assert compose.tokens() == tokens
    lead.approves(1)
    eventually(lambda: engineer.sees(1, "running"), "the release goes on", patience_s=APPROVAL_S)

    # and it is there after everything was taken down, its volumes left
    compose("down")
    compose.up()
    run = engineer.run(1)
    assert run["playbook"] == "deploy_model"
    assert [(one["actor"], one["decision"]) for one in run["approvals"]] == [("lead", "approved")]


def test_the_container_runs_as_nobody_in_particular_and_writes_nowhere_but_its_volume(compose: Compose) -> None:
    compose.up()
    assert compose("exec", "-T", "bot", "id", "-u").strip() == "10001"
    with pytest.raises(CannotBuild, match="Read-only file system"):
        compose("exec", "-T", "bot", "touch", "/opt/bizaiops/written")
    assert compose("exec", "-T", "bot", "stat", "-c", "%a", "/data/tokens.json").strip() == "600"
