"""What there is to see when a bot that was killed many times has come to rest."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from tests.e2e.faults.deeds import ENDINGS, Ending, effects, read_lines
from tests.e2e.faults.life import Bot
from tests.e2e.faults.people import Case
from tests.support.chat_double import ChatDouble

RECOVERY_S = 5.0


@dataclass(frozen=True)
class Counts:
    """What was counted, to be told."""

    runs: int
    endings: Counter[str]
    absorbed: int
    posts: int
    edits: int
    audit: int
    events: int
    kills_a_run: Counter[int]
    recovery_s: tuple[float, ...]


async def check(folder: Path, store: Store) -> Counts:
    """Asserts that nothing was lost and nothing was done twice. Closes the store."""
    try:
        people = read_lines(folder / "people.jsonl")
        begun = {line["begun"]: line["life"] for line in people if "begun" in line}
        over = {line["over"]: line["life"] for line in people if "over" in line}
        endings = await _check_runs(store, folder, [Case(n) for n in begun])
        assert over.keys() == begun.keys()
        assert not [line for line in people if "lie" in line], "one event was answered in two ways"
        posts, edits = await _check_chat(store, folder)
        await _check_messages(store, {str(line["answer"]) for line in people if "answer" in line})
        lives = read_lines(folder / "lives.jsonl")
        slowest = max(life["recovered_s"] for life in lives)
        assert slowest < RECOVERY_S, f"a start took {slowest:.1f} s until all that was left was carried on"
        _check_log((folder / "bot.log").read_text())
        return Counts(
            runs=len(begun),
            endings=endings,
            absorbed=effects(folder / "effects.jsonl")[1].total(),
            posts=posts,
            edits=edits,
            audit=await _check_audit(store, folder),
            events=sum("answer" in line for line in people),
            kills_a_run=Counter(over[n] - begun[n] for n in over),
            recovery_s=tuple(life["recovered_s"] for life in lives if life["taken"]),
        )
    finally:
        await store.aclose()


async def _check_runs(store: Store, folder: Path, cases: list[Case]) -> Counter[str]:
    """Every order has one run, which ended as its playbook and the people wanted, each effect once and in order."""
    rows = await store.read(lambda conn: [runs.get(conn, n) for n in conn.execute(sa.select(t.runs.c.id)).scalars()])
    known = Counter(row.inputs["model"] for row in rows)
    assert known == Counter(case.model for case in cases), "an order was lost, or carried out twice"
    done, _ = effects(folder / "effects.jsonl")
    wrong: list[object] = []
    for row in rows:
        changed = done.get(str(row.inputs["model"]), Ending(""))
        found = Ending(row.status, changed.done, changed.undone)
        if found != ENDINGS[row.inputs["ending"]]:
            wrong.append((row.id, row.inputs["model"], found, row.error))
        if "Nothing was begun" in row.error and changed.done:
            wrong.append((row.id, row.error, changed))
    assert not wrong, f"{len(wrong)} runs did not end as they had to: {wrong[:3]}"
    return Counter(row.status for row in rows)


async def _check_chat(store: Store, folder: Path) -> tuple[int, int]:
    """Every card is shown once, in its newest version, and that version tells of how things are."""
    query = sa.select(t.cards.c.id, t.cards.c.version)
    wanted = await store.read(lambda conn: {row.id: row.version for row in conn.execute(query)})
    chat = ChatDouble(folder / "chat.jsonl")
    chat.check(wanted)
    assert chat.posts().keys() == wanted.keys(), "something was posted that the bot does not know of"
    bot = Bot(folder, lambda: store, started=time.time())
    numbers = await store.read(lambda conn: list(conn.execute(sa.select(t.runs.c.id)).scalars()))
    await store.write(lambda conn: bot.core.cards.redraw_all(conn, numbers))
    drawn = await store.read(lambda conn: {row.id: row.version for row in conn.execute(query)})
    assert drawn == wanted, "a card does not show how its run is"
    return chat.posts().total(), len(chat.accepted("edit"))


async def _check_messages(store: Store, heard: set[str]) -> None:
    """Every message was taken once, and has one answer: a card of its own, or the card of the run that it led to."""
    said = await store.read(lambda conn: list(conn.execute(sa.select(t.messages.c.id)).scalars()))
    assert set(said) <= heard, f"messages that nobody sent: {set(said) - heard}"
    answers = sa.select(t.cards.c.reply_to).where(t.cards.c.reply_to.is_not(None))
    replies = await store.read(lambda conn: list(conn.execute(answers).scalars()))
    assert sorted(replies) == sorted(said)


async def _check_audit(store: Store, folder: Path) -> int:
    """Its chain is whole; each run was planned once, ended once, and every call outside is in it once."""
    count, problem = await store.read(trail.verify)
    assert problem is None, problem
    query = sa.select(t.audit.c.kind, t.audit.c.subject, t.audit.c.detail).order_by(t.audit.c.seq)
    entries = [tuple(row) for row in await store.read(lambda conn: conn.execute(query).all())]
    for kind in ("plan", "run_ended"):
        twice = [subject for subject, n in _subjects(entries, kind).items() if n > 1]
        assert not twice, f"{kind} twice: {twice}"
    keys = Counter(json.loads(detail)["key"] for kind, _, detail in entries if kind == "step")
    changed = {line["key"] for line in read_lines(folder / "effects.jsonl") if line["what"] != "mended"}
    assert changed <= keys.keys(), f"changes that nobody wrote down: {changed - keys.keys()}"
    twice = [key for key, n in keys.items() if n > 1 and not key.endswith("/undo")]  # one that failed is tried again
    assert not twice, f"steps recorded twice: {twice}"
    return count


def _subjects(entries: list[Any], kind: str) -> Counter[str]:
    return Counter(subject for found, subject, _ in entries if found == kind)


def _check_log(log: str) -> None:
    """An error nobody expected would be one that a person has to look into."""
    assert "Traceback" not in log, log[log.index("Traceback") :][:3000]
