"""`docker compose --profile replicas up proxy`: two bots behind a proxy, with serving outside of both.

What stands in for which image is told in the log, as in test_compose.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.servers.compose.docker import Docker
from tests.servers.compose.project import Compose, Person
from tests.support.eventually import eventually

SITE = "http://127.0.0.1:8643"
SOON_S = 120.0
ROLLOUT_S = 400.0
BOTS = ("bot-1", "bot-2")
HOLDER = "SELECT w.host FROM runs r JOIN workers w ON w.id = r.worker WHERE r.id = 1"


@pytest.fixture(scope="module")
def compose(docker: Docker) -> Iterator[Compose]:
    started = Compose(docker, "bizaiops-replicas-test", SITE, profile="replicas")
    started.away()
    yield started
    started.away()


def holder(compose: Compose) -> str:
    """The bot that carries run 1 out."""
    sql = (
        "psql",
        "--username=bizaiops",
        "--dbname=bizaiops",
        "--tuples-only",
        "--no-align",
        "-c",
        HOLDER,
    )
    host = compose("exec", "-T", "replicas-postgres", *sql).strip().partition(":")[0]
    return next(bot for bot in BOTS if host and compose("ps", "-q", bot).startswith(host))


def changes(compose: Compose) -> list[str]:
    """What the serving stand has really changed of churn, as it has noted it itself."""
    read = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8700/stand/calls').read().decode())"
    calls = json.loads(compose("exec", "-T", "serving", "python", "-c", read))
    return [call["change"] for call in calls if call["came"] == "done"]


def test_a_release_goes_on_though_the_bot_that_carries_it_is_killed_and_the_database_restarted(
    compose: Compose, people: Callable[[str, str], Person]
) -> None:
    # given a canary that is out, asked for and approved through the proxy
    compose.up("proxy")
    tokens: dict[str, str] = json.loads(compose("exec", "-T", "bot-1", "cat", "/secrets/tokens.json"))
    engineer, lead = (people(SITE, tokens[who]) for who in ("engineer", "lead"))
    engineer.says("deploy churn v2 as a 10% canary")
    eventually(lambda: engineer.sees(1, "waiting"), "the plan waits for its approval", patience_s=SOON_S)
    lead.approves(1)
    eventually(lambda: engineer.weights("churn") == {"v1": 90, "v2": 10}, "the canary", patience_s=SOON_S)

    # when the bot that carries the run is killed in the hold, and the database restarted
    compose.kill(holder(compose))
    compose("restart", "replicas-postgres")

    # then the other one finishes it, and nothing is done twice
    eventually(lambda: engineer.sees(1, "succeeded"), "the end of the release", patience_s=ROLLOUT_S, every_s=2.0)
    assert changes(compose) == ["set_canary", "promote"]

    # and both know it after everything was taken down, its volumes left
    compose("down")
    compose.up("proxy", build=False)
    for bot in BOTS:
        assert json.loads(compose("exec", "-T", bot, "cat", "/secrets/tokens.json")) == tokens
    for _ in range(2 * len(BOTS)):  # the proxy asks one after the other
        assert engineer.run(1)["status"] == "succeeded"
        assert engineer.weights("churn") == {"v2": 100}
    verified = compose("exec", "-T", "-e", "BIZAIOPS_DATA=/data", "bot-2", "bizaiops", "audit", "verify")
    assert "none changed" in verified
