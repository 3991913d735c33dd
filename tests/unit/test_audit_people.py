"""The audit names nobody: people stand in it under pseudonyms, and can be forgotten without a change of any entry."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.engine.audit import checking, pseudonyms, trail
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.settings import RESERVED
from tests.support import stores
from tests.support.audit_log import AT, stored_rows

PEOPLE = ("anna", "anna.b", "lead", "j-p_o", "sre")
ALONE = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, PEOPLE))})(?!\w)")


class Log:
    """A store whose people are known."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.people = folder, {name: Actor(id=name, name=name) for name in PEOPLE}
        self.store = stores.open_store(folder)

    async def open(self) -> Log:
        await self.store.read(lambda conn: pseudonyms.know(conn, self.people))
        return self

    async def reopened(self, *people: str) -> Log:
        """Another process, whose settings name these people."""
        await self.store.aclose()
        other = Log(self.folder)
        other.people = {name: Actor(id=name, name=name) for name in people}
        return await other.open()

    async def note(self, actor: str, subject: str = "m-1", **detail: Any) -> int:
        return await self.store.write(
            lambda conn: trail.append(conn, at=AT, actor=actor, kind="request", subject=subject, **detail)
        )

    async def raw(self) -> list[tuple[Any, ...]]:
        return list(await self.store.read(stored_rows))

    async def newest(self) -> AuditEntry:
        return (await self.store.read(lambda conn: trail.read(conn, limit=1)))[0]

    async def forget(self, person: str) -> str | None:
        return await self.store.write(lambda conn: checking.forget(conn, person, AT))

    async def whole(self) -> bool:
        return (await self.store.read(trail.verify))[1] is None


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    made = await Log(tmp_path).open()
    yield made
    await made.store.aclose()


SENTENCES: list[tuple[str, Callable[[Log], Any]]] = [
    ("as the actor", lambda log: log.note("anna")),
    ("as the subject", lambda log: log.note("watch", "anna")),
    ("within the subject", lambda log: log.note("watch", "delegation of anna.b")),
    ("as a value", lambda log: log.note("watch", to="lead")),
    ("in a sentence", lambda log: log.note("anna", text="ask @lead, or sre: they know")),
    ("in a list", lambda log: log.note("watch", approvers=["lead", {"who": "sre"}])),
    ("as a key", lambda log: log.note("watch", votes={"lead": "approved", "anna": "rejected"})),
    ("on a new line", lambda log: log.note("watch", text="asked:\nlead\tand sre")),
    ("in quotes", lambda log: log.note("watch", text='he said "lead" and \\anna')),
    ("with signs", lambda log: log.note("watch", text="(anna.b) j-p_o's run; lead/sre, anna.")),
    ("as JSON in text", lambda log: log.note("watch", result='{"by":"lead","n":1}')),
    ("beside a secret", lambda log: log.note("watch", text="lead: password=hunter2 anna")),
]


@pytest.mark.parametrize("write", [s[1] for s in SENTENCES], ids=[s[0] for s in SENTENCES])
async def test_no_id_of_a_person_stands_in_the_table_wherever_it_was_said(
    log: Log, write: Callable[[Log], Any]
) -> None:
    await write(log)
    (row,) = await log.raw()
    assert ALONE.search(" ".join(map(str, row))) is None
    assert await log.whole()


async def test_reading_gives_the_people_back_as_they_were_said(log: Log) -> None:
    said = {"text": "ask @lead, or sre: they know", "votes": {"anna.b": ["approved", 1]}, "n": 2.5, "none": None}
    await log.note("anna", "delegation of j-p_o", **said)
    entry = await log.newest()
    assert (entry.actor, entry.subject, entry.detail) == ("anna", "delegation of j-p_o", said)


async def test_longer_names_are_not_taken_for_the_shorter_ones_in_them(log: Log) -> None:
    await log.note("watch", a="anna.b", b="anna", c="annabel misleads leaders")
    detail = (await log.raw())[0][5]
    found = re.findall(r'"([abc])":"([^"]*)"', detail)
    one, two, rest = (text for _, text in found)
    assert re.fullmatch(r"p-[a-z2-7]{12}", one) and re.fullmatch(r"p-[a-z2-7]{12}", two) and one != two
    assert rest == "annabel misleads leaders"


async def test_a_person_has_one_pseudonym_in_all_entries_and_after_a_restart(log: Log) -> None:
    await log.note("anna")
    await log.note("watch", to="anna")
    again = await log.reopened(*PEOPLE)
    await again.note("anna")
    actors = [row[2] for row in await again.raw()]
    assert actors[0] == actors[2] and actors[0] in (await again.raw())[1][5]
    await again.store.aclose()


async def test_entries_of_a_person_are_found_by_their_id_and_by_their_pseudonym(log: Log) -> None:
    await log.note("anna", "about lead")
    await log.note("lead", "about anna")
    pseudonym = (await log.raw())[0][2]
    for asked in ("anna", pseudonym):
        found = await log.store.read(lambda conn, a=asked: trail.read(conn, limit=9, actor=a))  # type: ignore[misc]
        assert [entry.seq for entry in found] == [1]
    found = await log.store.read(lambda conn: trail.read(conn, limit=9, subject="about anna"))
    assert [entry.seq for entry in found] == [2]


@pytest.mark.parametrize(
    "actor", ["watch", "policy", "setup", "retention", "poster", "escalation", "rule:x", "schedule:3"]
)
async def test_the_bot_its_rules_and_schedules_are_nobody(log: Log, actor: str) -> None:
    await log.note(actor)
    assert (await log.raw())[0][2] == actor
    assert actor.partition(":")[0] in RESERVED  # so nobody can be called so


async def test_someone_whom_the_settings_do_not_know_gets_a_pseudonym_too(log: Log) -> None:
    await log.note("stranger", text="hello")
    await log.note("watch", text="stranger was here")
    first, second = await log.raw()
    assert "stranger" not in f"{first}{second}" and first[2] in second[5]
    assert (await log.newest()).detail == {"text": "stranger was here"}


async def test_someone_who_left_the_settings_stays_hidden(log: Log) -> None:
    await log.note("anna")
    again = await log.reopened("lead")
    await again.note("lead", text="anna was right")
    assert "anna" not in (await again.raw())[1][5]
    assert (await again.newest()).detail == {"text": "anna was right"}
    await again.store.aclose()


async def test_someone_with_a_new_id_gets_a_new_pseudonym_and_the_old_one_stays_who_it_was(log: Log) -> None:
    await log.note("anna")
    again = await log.reopened("anna.smith")
    await again.note("anna.smith", text="anna is anna.smith now")
    first, second = await again.raw()
    assert first[2] != second[2] and "anna" not in second[5]
    entries = await again.store.read(lambda conn: trail.read(conn, limit=2))
    assert [entry.actor for entry in entries] == ["anna.smith", "anna"]
    assert entries[0].detail == {"text": "anna is anna.smith now"}
    await again.store.aclose()


async def test_someone_who_joins_while_the_bot_runs_is_hidden_from_the_first_entry_on(log: Log) -> None:
    log.people["newcomer"] = Actor(id="newcomer", name="New")
    await log.note("watch", text="welcome newcomer")
    assert "newcomer" not in (await log.raw())[0][5]


@pytest.mark.parametrize(
    "said", ["Lee, ML lead approved run 1", "ask Lee", 'by "Lee"', "Ann \"Ace\" O'Neil's", "Zoë Ü and Lee"]
)
async def test_names_are_hidden_as_ids_are_and_read_back_as_ids(log: Log, said: str) -> None:
    log.people["lead"] = Actor(id="lead", name="Lee, ML lead")
    log.people["anna"] = Actor(id="anna", name='Ann "Ace" O\'Neil, analyst')
    log.people["sre"] = Actor(id="sre", name="Zoë Ü")
    await log.note("watch", told=said)
    raw = (await log.raw())[0][5]
    assert not any(word in raw for word in ("Lee", "Ace", "Neil", "Zoë"))
    told = str((await log.newest()).detail["told"])
    assert re.sub("lead|anna|sre", "", told) == re.sub('Lee, ML lead|Lee|Ann "Ace" O\'Neil|Zoë Ü', "", said)


async def test_a_name_that_two_people_have_is_given_to_neither(log: Log) -> None:
    log.people["anna"] = Actor(id="anna", name="Sam, analyst")
    log.people["sre"] = Actor(id="sre", name="Sam, on call")
    await log.note("watch", told="Sam, on call, and Sam")
    assert (await log.newest()).detail == {"told": "sre, and somebody"}


async def test_a_name_that_is_part_of_a_word_is_left_alone(log: Log) -> None:
    log.people["lead"] = Actor(id="lead", name="Lee")
    await log.note("watch", told="Leeds and asLee, lee")
    assert "Leeds and asLee, lee" in (await log.raw())[0][5]


async def test_a_pseudonym_of_a_transaction_that_failed_is_none(log: Log) -> None:
    def fails(conn: sa.Connection) -> None:
        trail.append(conn, at=AT, actor="anna", kind="request", subject="m-1")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await log.store.write(fails)
    assert await log.store.read(pseudonyms.names) == {}
    await log.note("anna")
    assert (await log.newest()).actor == "anna"


# -- forgetting --------------------------------------------------------------------------------------------------------


async def test_after_forgetting_the_pseudonym_is_shown_and_the_chain_still_holds(log: Log) -> None:
    await log.note("anna", "run 7", text="anna asked lead")
    before = await log.raw()
    pseudonym = await log.forget("anna")
    assert pseudonym == before[0][2]
    entries = await log.store.read(lambda conn: trail.read(conn, limit=9))
    assert (entries[1].actor, entries[1].detail) == (pseudonym, {"text": f"{pseudonym} asked lead"})
    assert (await log.raw())[:1] == before and await log.whole()


async def test_that_someone_was_forgotten_is_an_entry_that_does_not_name_them(log: Log) -> None:
    await log.note("anna")
    pseudonym = await log.forget("anna")
    entry = await log.newest()
    assert (entry.actor, entry.kind, entry.subject) == ("command line", "forget", pseudonym)
    assert "anna" not in str(await log.raw())
    assert "anna" not in (await log.store.read(pseudonyms.names)).values()


async def test_the_entry_of_a_forgetting_never_lies_before_the_newest_one(log: Log) -> None:
    """The demo's world clock runs ahead of real time."""
    await log.note("anna")
    await log.store.write(lambda conn: checking.forget(conn, "anna", AT - timedelta(days=30)))
    assert (await log.newest()).at == AT


async def test_someone_forgotten_who_comes_back_gets_a_new_pseudonym(log: Log) -> None:
    await log.note("anna")
    await log.note("lead")
    old = await log.forget("anna")
    await log.note("anna", text="anna is back")
    entry, row = await log.newest(), (await log.raw())[-1]
    assert (entry.actor, entry.detail) == ("anna", {"text": "anna is back"})
    assert row[2] != old and old not in str(row)
    assert (await log.store.read(lambda conn: trail.read(conn, limit=9, actor="anna")))[1:] == []


async def test_nobody_can_be_forgotten_twice(log: Log) -> None:
    await log.note("anna")
    assert await log.forget("anna") is not None
    count = len(await log.raw())
    assert await log.forget("anna") is None and await log.forget("never-seen") is None
    assert len(await log.raw()) == count


@pytest.mark.skipif(stores.KIND != "sqlite", reason="PostgreSQL overwrites deleted rows at its next vacuum")
async def test_no_byte_of_the_name_is_left_in_the_files_of_the_database(log: Log) -> None:
    for n in range(50):
        log.people[f"person-{n:02}-zzyzx"] = Actor(id="x", name="x")
        await log.note(f"person-{n:02}-zzyzx")

    def left() -> bool:
        return any(b"person-07-zzyzx" in file.read_bytes() for file in log.folder.glob("*.sqlite*"))

    assert left()
    await log.forget("person-07-zzyzx")
    assert pseudonyms.settle(log.store.database.engine)
    assert not left()
    assert len(await log.store.read(pseudonyms.names)) == 49 and await log.whole()


# -- any words ---------------------------------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from([*PEOPLE, "leads", "p-", "run 7", " ", "\n", '"', "\\", ".", "@", "é", ", "]), max_size=8
)
TEXTS = WORDS.map("".join)
DETAILS = st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=3) | st.integers() | st.none(), max_size=3)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = Store.sqlite(tmp_path_factory.mktemp("words") / "b.sqlite")
    with store.database.engine.connect().execution_options(reads=True) as conn:
        pseudonyms.know(conn, PEOPLE)
    yield store.database.engine
    store.close()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*PEOPLE, "watch"]), TEXTS, DETAILS)
def test_whatever_is_said_names_nobody_and_reads_as_it_was_said(
    engine: sa.Engine, actor: str, subject: str, detail: dict[str, Any]
) -> None:
    with engine.begin() as conn:
        seq = trail.append(conn, at=AT, actor=actor, kind="k", subject=subject, said=detail)
        row = conn.execute(sa.select(t.audit).where(t.audit.c.seq == seq)).one()
        (entry,) = trail.read(conn, limit=1)
    assert not any(ALONE.search(text) for text in (row[2], row[4], *_texts(row[5])))
    assert (entry.actor, entry.subject, entry.detail) == (actor, subject, {"said": detail})


def _texts(body: str) -> list[str]:
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                look(key)
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(json.loads(body))
    return found
