"""Secrets never get into what is kept, and ordinary words about models stay as they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, SecretStr

from bizaiops_bot.engine.audit import redaction, trail
from bizaiops_bot.engine.audit.redaction import REDACTED, redact
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.databases import sqlite_engine
from tests.support.audit_log import AT

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nabc+/=\n-----END RSA PRIVATE KEY-----"
# (what somebody writes, the part of it that must not be kept)
SECRETS = [
    ("xoxb-123456789012-abcdefghij", "xoxb-123456789012-abcdefghij"),
    ("xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4OTA", "Mi0yLTEyMzQ1Njc4OTA"),
    ("xapp-1-A01234567-1234567890-abcdef0123", "A01234567"),
    ("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX", "XXXXXXXXXXXXXXXX"),
    ("sk-abcdefghijklmnop1234", "abcdefghijklmnop1234"),
    ("sk-proj-Ab1_cdEfghijklmnopqrstuv", "cdEfghijkl"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "0123456789abc"),
    ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz", "11ABCDEFG0"),
    ("glpat-0123456789abcdefghij", "0123456789abc"),
    ("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
    ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "bPxRfiCYEXAMPLEKEY"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "1234567890abc"),
    ("sk_live_0123456789abcdefghij", "0123456789abc"),
    ("npm_0123456789abcdefghij0123456789abcdef", "0123456789abc"),
    (JWT, "dozjgNryP4J3"),
    (PEM, "MIIEpAIBAAKCAQEA7bq"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk (cut off", "b3BlbnNzaC1rZXk"),
    ("postgresql://bot:s3cr3t@db.example/churn", "s3cr3t"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("amqp://user:p@ss@host/", "p@ss"),
    ("password: hunter2", "hunter2"),
    ("PASSWORD = 'hunter2'", "hunter2"),
    ("MYSQL_PWD=hunter2", "hunter2"),
    ("the password is hunter2", "hunter2"),
    ("my password hunter2", "hunter2"),
    ("passwort: geheim1", "geheim1"),
    ("--password hunter2", "hunter2"),
    ("curl -u admin:hunter2 https://x", "hunter2"),
    ("api_key=abc123", "abc123"),
    ("X-Api-Key: 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
    ("access_token=ya29.a0AfH6SMBx", "a0AfH6SMBx"),
    ("client_secret=abc12345", "abc12345"),
    ("AccountKey=Zm9vYmFyMTIzNDU2Nzg5MA==", "Zm9vYmFyMTIz"),
    ("Authorization: Bearer abcdef123456", "abcdef123456"),
    ("Authorization: Basic dXNlcjpwYXNzMTIz", "dXNlcjpwYXNzMTIz"),
    ("Bearer abcdef1234567890", "abcdef1234567890"),
    ("https://x.blob.example/m?sp=r&sig=abc12345678901234567890&se=1", "abc12345678901234567890"),
    ('{"password": "hunter2"}', "hunter2"),
    ("{'api_key': 'abc12345'}", "abc12345"),
    ('{\\"password\\":\\"hunter2\\"}', "hunter2"),
]
ORDINARY = """\
deploy churn v2 as a 10% canary
roll back churn to v7, the errors began at 14:02:11
what did demand do last week compared with the week before?
retrain the token classification model with 20 epochs
risk-scoring-2026 and task-runner-v12 are models, not keys
the key drivers of churn are tenure and monthly charges
key: tenure, value: 12 months
the secret of its success is the new feature set
the password reset model has 93% recall
password required: please sign in first
the API key is missing
token: expired
api key: none
Max tokens: 4096 per request, 12 requests a minute
tokens_per_second=148.2 on the new revision
primary key: customer_id
plan 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 was approved by lead and sre
see https://grafana.example/d/abc123/churn?from=now-6h&to=now
mail ml-team@example.com about s3://models/churn/v8/model.onnx
p95 latency 182 ms > 150 ms for 12m, 5 of 5 samples
author: Lee, approved at 2026-03-04T08:00:00Z
authorization is checked at request and again at execution
credentials are kept in the vault, ask the platform team
the bearer of bad news: churn is at 4.1%
use basic features only, no embeddings
passwordless login raised conversion by 3%
scale demand to 3 replicas in namespace ml-prod-eu-west-1
feature token_count drifted, PSI 0.31 > 0.1
the tokenizer of summarizer-v3 was changed
secret santa campaign lifts stock-outs in December 2026
experiment exp-20260304-0012 ended: uplift 1.8% [0.4, 3.1]
set max_access_key_age_days to 90
built registry/churn:v8@sha256:abcd with gh_actions
schedule 3: 0 8 * * 1 Europe/Berlin""".splitlines()


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    engine = sqlite_engine(tmp_path_factory.mktemp("redaction") / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def kept(conn: sa.Connection, subject: str, **detail: object) -> str:
    """The whole row as it is stored."""
    seq = trail.append(conn, at=AT, actor="engineer", kind="request", subject=subject, **detail)
    row = conn.execute(sa.select(t.audit).where(t.audit.c.seq == seq)).one()
    return f"{row.subject} {row.detail}"


@pytest.mark.parametrize(("words", "secret"), SECRETS, ids=[words[:30] for words, _ in SECRETS])
def test_a_secret_is_not_kept_wherever_in_an_entry_it_stands(conn: sa.Connection, words: str, secret: str) -> None:
    found = kept(conn, f"use {words}", text=f"please use {words} today", deep=[{"x": (words,)}], **{words: 1})
    assert secret not in found and found.count(REDACTED) >= 4
    assert found.startswith("use ") and "please use " in found and trail.verify(conn)[1] is None


@pytest.mark.parametrize("words", ORDINARY)
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert redact(words) == words
    assert redaction.clean({"text": words}) == {"text": words}


def test_words_around_a_secret_stay() -> None:
    assert redact("deploy with password=hunter2, then tell sre") == f"deploy with password={REDACTED}, then tell sre"
    assert redact("postgresql://bot:s3cr3t@db.example/churn") == f"postgresql://{REDACTED}@db.example/churn"


def test_the_value_of_a_telling_key_goes_whatever_it_looks_like() -> None:
    found = redaction.clean(
        {"password": "abc", "db": {"client_secret": "x y"}, "keys": ["a"], "token": 7, "model": "churn"}
    )
    assert found == {
        "password": REDACTED,
        "db": {"client_secret": REDACTED},
        "keys": ["a"],
        "token": 7,
        "model": "churn",
    }


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes known is not known to the others."""
    monkeypatch.setattr(redaction, "_known", ())
    monkeypatch.setattr(redaction, "_pattern", redaction._compiled(()))


class Inner(BaseModel):
    url: SecretStr = SecretStr("postgresql-plain-words")


class Outer(BaseModel):
    tokens: dict[str, SecretStr] = {"lead": SecretStr("correct horse battery"), "sre": SecretStr("short")}
    store: Inner = Inner()
    more: tuple[Inner, ...] = (Inner(url=SecretStr('with "quotes" and ü')),)
    name: str = "no secret at all"


@pytest.mark.usefixtures("forgetful")
def test_the_bots_own_secrets_are_taken_out_whatever_they_look_like(conn: sa.Connection) -> None:
    redaction.know(redaction.secrets_in(Outer()))
    for own in ("correct horse battery", "postgresql-plain-words", 'with "quotes" and ü'):
        found = kept(conn, f"m {own}", text=f"it says {own}!", deep={"x": [own]})
        assert own not in found and '"quotes' not in found and found.count(REDACTED) == 3
    assert redact("short words: no secret at all") == "short words: no secret at all"


@pytest.mark.usefixtures("forgetful")
def test_what_became_known_later_does_not_unmake_what_was_known() -> None:
    redaction.know(["first secret"])
    redaction.know(["second secret"])
    assert redact("first secret and second secret") == f"{REDACTED} and {REDACTED}"


HOSTILE = {
    "one letter": "a",
    "password": "password ",
    "password=": "password=",
    "urls": "://a:b",
    "url without an end": "://a:bb",
    "jwt": "eyJ",
    "jwt with a dot": "eyJaaaaaaaaa.",
    "slack": "xoxb-a",
    "pem": "-----BEGIN PRIVATE KEY-----",
    "pem without an end": "-----BEGIN A ",
    "key": 'api_key="',
    "openai": "-sk-",
    "backslashes": 'password\\\\"',
    "spaces": "password   =   ",
    "nearly a token": "token:" + "a" * 19 + " ",
    "bearer": "bearer a",
    "option": "--token a",
    "query": "&sig=aaaa",
    "user": "-u aaaaaa ",
    "words": "secret is ",
    "header": "authorization: basic ",
    "quotes": '"',
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_text_made_to_be_slow_takes_time_in_step_with_its_length(unit: str) -> None:
    def cpu_s(size: int) -> float:
        text = ("password " + unit * size)[:size]
        began = time.process_time()
        redact(text)
        return time.process_time() - began

    half, whole = (min(cpu_s(size) for _ in range(3)) for size in (50_000, 100_000))
    assert whole < 3.2 * half + 0.02  # twice, were nothing else going on; quadratic would be four times
    assert whole < 2.0


def test_the_quick_look_never_overlooks_what_the_patterns_would_find() -> None:
    for words, _ in SECRETS:
        assert redaction.suspects(words), words


def test_the_file_of_the_audit_holds_no_secret_either(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "a.sqlite")
    t.metadata.create_all(engine)
    with engine.begin() as conn:
        for words, _ in SECRETS:
            trail.append(conn, at=AT, actor="engineer", kind="request", subject=words, text=words)
    engine.dispose()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir()).decode("utf-8", "replace")
    assert [secret for _, secret in SECRETS if secret in written] == []
