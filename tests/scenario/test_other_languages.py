"""A colleague writes in their own language: what they ask is answered, what they order is theirs to click."""

from __future__ import annotations

from tests.support.talk import Talk


async def test_a_german_colleague_at_night_asks_orders_and_clicks(after_release: Talk) -> None:
    talk = after_release
    # given questions in German, they are answered with one line in it
    (await talk.says("wie geht es churn gerade?", by="sre")).shows("Ich antworte auf Englisch.", "v2 100%")
    (await talk.says("wer hat churn zuletzt ausgerollt?", by="sre")).shows("Ich antworte auf Englisch.", "engineer")
    # when an order is said, nothing is begun and its English form is a button
    asked = await talk.says("setz churn bitte auf die vorherige Version zurück", by="sre")
    asked.shows("Meinst du das hier?", "Nothing was started.")
    assert asked.buttons() == ["roll back churn"] and await talk.runs("waiting") == []
    # then a click on it makes the plan, and that waits for an approval like any other
    assert (await asked.click("roll back churn", by="sre")).accepted
    assert [(run.playbook, run.actor) for run in await talk.runs("waiting")] == [("roll_back_model", "sre")]
    assert await talk.traffic("churn") == {"v2": 100}


async def test_a_yes_in_any_language_begins_nothing_that_was_only_a_button(talk: Talk) -> None:
    asked = await talk.says("mets churn en pause", by="engineer")
    assert asked.buttons() == ["pause churn"]
    for yes in ("oui", "ja", "sí", "yes", "ok"):
        await talk.says(yes, by="engineer")
    assert await talk.runs() == [] and await talk.traffic("churn") == {"v1": 100}
