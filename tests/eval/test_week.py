"""The replayed week says and learns what its page claims, and nothing that it is measured on."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.routing import Choice, Command, Question, Refusal
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.evaluation.cases import Case, checked
from bizaiops_bot.evaluation.company import own_router, specs
from bizaiops_bot.evaluation.review import Review
from tests.eval.week import OWN_SET, PERSON, day, halves, night, places, said_of
from tests.support import stores

CASE = Case(say="zorp the churn thing", playbook="show_status", inputs={"model": "churn"}, group="g")

OFFER = Choice(label="Status churn", command="status churn", bind={"playbook": "show_status"})
ASKED = Question(text="Did you mean this?", choices=(OFFER,), slot="intent", pending=Command(playbook="", inputs={}))


def test_no_sentence_that_is_measured_is_said_in_the_week() -> None:
    said, paraphrases, others = halves(checked(OWN_SET).commands["groups"])

    assert len(said) > 100 and len(paraphrases) > 100 and len(others) > 100
    assert not {case.say for case in said} & {case.say for case in (*paraphrases, *others)}
    assert {case.group for case in said} >= {case.group for case in paraphrases}
    assert not {case.group for case in said} & {case.group for case in others}


def test_a_person_clicks_what_was_meant_and_is_silent_about_what_was_right() -> None:
    router = own_router()
    assert said_of(router, CASE, Command(playbook="show_status", inputs={"model": "churn"})) is None
    assert said_of(router, CASE, ASKED) == ("choice", "show_status")
    assert said_of(router, CASE, Refusal(why="?", choices=(OFFER,))) is None
    source, _ = said_of(router, CASE, Command(playbook="list_alerts", inputs={})) or ("", "")
    assert source == "bad"
    assert said_of(router, CASE, Command(playbook="show_status", inputs={"model": "demand"})) is None


async def test_at_night_a_reviewer_adds_what_was_clicked_to_the_intent(tmp_path: Path) -> None:
    shutil.copytree(content_folder("intents"), tmp_path / "intents")
    store = stores.open_store(tmp_path)
    await store.read(lambda conn: pseudonyms.know(conn, {PERSON: Actor(id=PERSON, name="Erin")}))

    class Asks:
        def route(self, *_: object) -> Question:
            return ASKED

    told = await day(store, Asks(), [CASE], 0)  # type: ignore[arg-type]
    done = await night(Review(store, tmp_path / "intents", specs()))

    assert (told["choice"], done["accepted"]) == (1, 1)
    kept = yaml.safe_load((tmp_path / "intents" / "show_status.yaml").read_text())["examples"]
    assert [line for line in kept if "zorp" in line and "{model}" in line]
    await store.aclose()
    stores.drop_company(tmp_path)


def test_few_examples_are_taken_evenly() -> None:
    assert places(6, 3) == [0, 2, 4] and places(2, 3) == [0, 1]
