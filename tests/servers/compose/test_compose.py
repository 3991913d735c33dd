"""`docker compose up` without edits: a person signs in, releases a model, and nothing is lost whatever is restarted.

The images of Python, PostgreSQL and Redis are stand-ins from Debian's packages where those of the registry cannot be had:
what is proved are our own image, the wiring, and the bot on the real servers; not the official images' entrypoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.servers.compose.docker import Docker
from tests.servers.compose.project import Compose, Person
from tests.servers.kept import CannotBuild
from tests.support.eventually import eventually

SITE = "http://127.0.0.1:8642"
APPROVAL_S = 120.0


@pytest.fixture(scope="module")
def compose(docker: Docker) -> Iterator[Compose]:
    started = Compose(docker, "bizaiops-test", SITE)
    started.away()
    yield started
    started.away()


def tokens_of(compose: Compose) -> dict[str, str]:
    lines = compose("exec", "-T", "bot", "bizaiops", "tokens").splitlines()
    return dict(line.split("\t") for line in lines)


def test_a_release_begun_before_everything_is_restarted_is_there_afterwards(
    compose: Compose, people: Callable[[str, str], Person]
) -> None:
    compose.up()
    # given somebody who may not sign in without a token, and two who have theirs
    assert httpx.get(f"{SITE}/api/models").status_code == 401
    assert "FAIL" not in compose("logs", "bot"), "every part the bot needs answers at its start"
    tokens = tokens_of(compose)
    engineer, lead = (people(SITE, tokens[who]) for who in ("engineer", "lead"))
    engineer.says("deploy churn v2 as a 10% canary")
    eventually(lambda: engineer.sees(1, "waiting"), "the plan waits for its approval", patience_s=APPROVAL_S)

    # when the bot is killed and the database restarted while it waits
    compose.kill("bot")
    compose("restart", "postgres")
    compose.up()

    # then it still waits, with the same people and tokens, and what is approved is carried out
    assert tokens_of(compose) == tokens
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
