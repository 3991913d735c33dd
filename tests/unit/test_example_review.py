"""A person reviews what others said of the bot's answers: what is accepted stands in the intents' files, no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.feedback import Decided, Example
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Command, Decision
from bizaiops_bot.engine.audit import examples, pseudonyms, trail
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.evaluation import review_talk
from bizaiops_bot.evaluation.company import COMPANY, own_router, specs
from bizaiops_bot.evaluation.intent_edit import add_example, add_look_alike
from bizaiops_bot.evaluation.review import Review
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.marking import marked
from tests.support import stores
from tests.support.audit_log import AT

PEOPLE = {"engineer": Actor(id="engineer", name="Erin"), "lead": Actor(id="lead", name="Lee")}
STATUS = Decided(kind="request", playbook="show_status", heard={"stage": "local", "intent": "show_status", "p": 0.41})


@dataclass
class Desk:
    """A store with examples, and a copy of the intents."""

    store: Store
    folder: Path

    async def said(self, text: str, source: Any = "bad", label: str = "", **more: Any) -> int:
        example = Example(
            at=AT,
            message=f"m-{text}",
            who=more.pop("who", "engineer"),
            source=source,
            text=text,
            label=label,
            shape=marked(Hearing(text, COMPANY)),
            decided=more.pop("decided", STATUS),
            **more,
        )
        return await self.store.write(lambda conn: examples.keep(conn, example))

    @property
    def review(self) -> Review:
        return Review(self.store, self.folder, specs())

    def text(self, intent: str) -> str:
        return next(self.folder.rglob(f"{intent}.yaml")).read_text(encoding="utf-8")

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    shutil.copytree(content_folder("intents"), tmp_path / "intents")
    store = stores.open_store(tmp_path)
    await store.read(lambda conn: pseudonyms.know(conn, PEOPLE))
    yield Desk(store, tmp_path / "intents")
    await store.aclose()


async def test_an_accepted_example_is_one_more_line_with_blanks_for_its_values(desk: Desk) -> None:
    before = desk.text("show_kpis")
    number = await desk.said("Is churn earning its keep since last week?")
    told = await desk.review.accept(number, "show_kpis")
    # one line is new, behind the other examples; all others are as they were
    new, old = desk.text("show_kpis").splitlines(), before.splitlines()
    (at,) = [i for i, line in enumerate(new) if line not in old or new.count(line) > old.count(line)]
    assert new[at] == "  - is {model} earning its keep {window}?"
    assert new[:at] + new[at + 1 :] == old and old[at - 1].startswith("  - ")
    assert told == "'is {model} earning its keep {window}?' is now an example of show_kpis."


def _decided(decision: Decision) -> Decision:
    """Without the chances, which what was learned and read back gives a hair differently."""
    return decision.model_copy(update={"heard": {k: decision.heard.get(k) for k in ("stage", "intent")}})


async def test_nothing_said_changes_a_decision_until_it_is_accepted_and_the_bot_starts_again(
    desk: Desk, tmp_path: Path
) -> None:
    # given words that the bot does not know, whatever people say they mean
    words, cache = "flumox the gribbles of churn", tmp_path / "learned"
    running = own_router(load_intents(desk.folder), cache)
    before = running.route(words, None, COMPANY)
    assert not (isinstance(before, Command) and before.playbook == "show_kpis")
    numbers = [await desk.said(words, "choice", "show_kpis", who=who) for who in PEOPLE]
    # then neither the running bot nor one that starts anew decides otherwise
    assert running.route(words, None, COMPANY) == before
    assert _decided(own_router(load_intents(desk.folder), cache).route(words, None, COMPANY)) == _decided(before)
    # when a person accepts it, the running bot still does not
    await desk.review.accept(numbers[0], "show_kpis")
    assert running.route(words, None, COMPANY) == before
    # and the one that starts then does
    after = own_router(load_intents(desk.folder), cache).route(words, None, COMPANY)
    assert isinstance(after, Command) and after.playbook == "show_kpis"


async def test_a_near_miss_is_what_the_intent_must_not_match(desk: Desk) -> None:
    number = await desk.said("status of my parcel: where?")
    await desk.review.accept(number, "none")
    assert '  "status of my parcel: where?": none\n' in desk.text("show_status")
    assert yaml.safe_load(desk.text("show_status"))["must_not"]["status of my parcel: where?"] == "none"


async def test_an_intent_without_near_misses_gets_its_first(desk: Desk) -> None:
    path = desk.folder / "show_status.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data.pop("must_not", None)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    assert add_look_alike(desk.folder, "show_status", "status of my parcel", "none", specs())
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {**data, "must_not": {"status of my parcel": "none"}}


async def test_what_the_bot_does_not_do_is_an_example_of_its_kind(desk: Desk) -> None:
    refused = Decided(kind="refusal", heard={"stage": "local", "intent": "infrastructure"})
    number = await desk.said("defragment the mainframe for churn", "good", "none", decided=refused)
    entry = desk.review.as_json((await desk.review.open())[0])
    assert (entry["suggested"], entry["example"]) == ("infrastructure", "defragment the mainframe for {model}")
    await desk.review.accept(number, "infrastructure")
    assert "  - defragment the mainframe for {model}\n" in desk.text("infrastructure")
    # and without a kind it cannot be a near-miss of anything
    other = await desk.said("water the plants", "good", "none", decided=refused)
    with pytest.raises(BadInput, match="infrastructure"):
        await desk.review.accept(other, "none")


async def test_a_label_may_be_the_playbook_and_an_unknown_one_is_told(desk: Desk) -> None:
    number = await desk.said("kick churn into gear again soonish", label="resume_model")
    with pytest.raises(NotFound, match="resume_model"):
        await desk.review.accept(number, "resume_modl")
    assert "resume_model" in await desk.review.accept(number, "resume_model")


async def test_what_is_reviewed_is_not_reviewed_again(desk: Desk) -> None:
    first, second = await desk.said("one thing of churn"), await desk.said("another thing of churn")
    await desk.review.drop(first)
    assert [example.id for example in await desk.review.open()] == [second]
    with pytest.raises(Conflict, match="dropped"):
        await desk.review.accept(first, "show_kpis")
    with pytest.raises(NotFound):
        await desk.review.drop(99)


async def test_an_example_that_is_there_already_is_not_written_twice(desk: Desk) -> None:
    numbers = [await desk.said("Is churn earning its keep?", who=who) for who in PEOPLE]
    await desk.review.accept(numbers[0], "show_kpis")
    files = desk.files()
    assert "already" in await desk.review.accept(numbers[1], "show_kpis")
    assert desk.files() == files


async def test_one_that_another_intent_has_is_refused_and_stays_open(desk: Desk) -> None:
    first, second = [await desk.said("Is churn earning its keep?", who=who) for who in PEOPLE]
    await desk.review.accept(first, "show_kpis")
    files = desk.files()
    with pytest.raises(Conflict, match="example of show_kpis"):
        await desk.review.accept(second, "show_status")
    assert desk.files() == files and [e.id for e in await desk.review.open()] == [second]


@pytest.mark.parametrize(
    "line",
    ["# not a comment", "yes", "a: b", "- - -", "'quoted' \"both\"", "{model} is first", "ends with \\", "7", "null"],
)
def test_any_words_stand_in_the_file_as_they_are(desk: Desk, line: str) -> None:
    assert add_example(desk.folder, "show_status", line, specs())
    assert yaml.safe_load(desk.text("show_status"))["examples"][-1] == line


def test_a_line_that_the_bot_could_not_start_with_is_taken_back(desk: Desk) -> None:
    files = desk.files()
    with pytest.raises(BadInput, match="no slot of the playbook"):
        add_example(desk.folder, "show_status", "status of the {flux}", specs())
    assert desk.files() == files


def test_a_list_on_one_line_is_left_to_its_author(desk: Desk) -> None:
    path = desk.folder / "show_status.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    flow = yaml.safe_dump({"examples": data.pop("examples")}, default_flow_style=True, width=10_000).strip()[1:-1]
    path.write_text(yaml.safe_dump(data) + flow + "\n", encoding="utf-8")
    files = desk.files()
    with pytest.raises(BadInput, match="one item a line"):
        add_example(desk.folder, "show_status", "how is it going with {model}, all in all", specs())
    assert desk.files() == files


async def test_the_reviewer_sees_what_was_said_decided_and_chosen(desk: Desk) -> None:
    heard = {"stage": "local", "guesses": {"show_status": 0.31, "show_kpis": 0.29}}
    asked = Decided(kind="question", offered=("show_status", "show_kpis"), heard=heard)
    await desk.said("churn moneywise", "choice", "show_kpis", decided=asked)
    typed = iter(["", "x", "a"])
    shown: list[str] = []
    await review_talk.review(desk.review, read=lambda _: next(typed), show=shown.append)
    text = "\n".join(shown)
    for words in (
        "1 to review.",
        "1. churn moneywise",
        "the bot asked: show_status, show_kpis (stage local; guesses show_status 0.31, show_kpis 0.29)",
        "engineer chose show_kpis",
        "as an example: {model} moneywise",
        "'{model} moneywise' is now an example of show_kpis.",
    ):
        assert words in text
    assert await desk.review.open() == []


async def test_the_reviewer_goes_through_one_after_the_other_and_may_leave(desk: Desk) -> None:
    for text in ("first thing of churn", "second thing of churn", "third thing of churn", "fourth thing of churn"):
        await desk.said(text)
    typed = iter(["a no_such_intent", "a show_kpis", "s", "n", "q"])
    shown: list[str] = []
    await review_talk.review(desk.review, read=lambda _: next(typed), show=shown.append)
    assert any("no_such_intent" in line for line in shown), "a slip of the hand is told, and asked again"
    assert [example.text for example in await desk.review.open()] == ["second thing of churn", "fourth thing of churn"]


async def test_corrections_come_first_and_programs_get_them_as_json(desk: Desk) -> None:
    await desk.said("fine with churn", "good", "show_status")
    await desk.said("not fine with churn", "bad")
    await desk.said("churn moneywise", "choice", "show_kpis")
    entries = json.loads(await review_talk.as_json(desk.review))
    assert [entry["source"] for entry in entries] == ["choice", "bad", "good"]
    assert [entry["suggested"] for entry in entries] == ["show_kpis", "", "show_status"]
    assert entries[0]["example"] == "{model} moneywise" and entries[1]["decided"]["p"] == 0.41


async def test_ids_and_intents_are_settled_without_questions(desk: Desk) -> None:
    first, second = await desk.said("churn moneywise"), await desk.said("hm churn")
    shown: list[str] = []
    await review_talk.settle(desk.review, [f"{first}=show_kpis"], [second], show=shown.append)
    assert [("show_kpis" in line, "dropped" in line) for line in shown] == [(True, False), (False, True)]
    with pytest.raises(BadInput, match="--accept 3=show_kpis"):
        await review_talk.settle(desk.review, ["show_kpis"], [], show=shown.append)


async def test_every_review_is_in_the_audit_without_a_name(desk: Desk) -> None:
    await desk.review.accept(await desk.said("churn moneywise", who="lead"), "show_kpis")
    (entry,) = await desk.store.read(lambda conn: trail.read(conn, limit=5, kind="example_reviewed"))
    assert (entry.actor, entry.detail["settled"]) == ("command line", "example of show_kpis")
    assert (await desk.store.read(trail.verify))[1] is None


async def test_a_new_vote_after_the_review_is_reviewed_again(desk: Desk) -> None:
    number = await desk.said("churn moneywise", "good", "show_status")
    await desk.review.drop(number)
    assert await desk.said("churn moneywise", "bad") == number, "one vote a person and answer"
    assert [example.source for example in await desk.review.open()] == ["bad"]


async def test_accepting_again_after_a_crash_between_file_and_note_does_it_once(desk: Desk) -> None:
    number = await desk.said("churn moneywise")
    add_example(desk.folder, "show_kpis", "{model} moneywise", specs())  # written, and the note was not
    assert "already" in await desk.review.accept(number, "show_kpis")
    assert desk.text("show_kpis").count("{model} moneywise") == 1
