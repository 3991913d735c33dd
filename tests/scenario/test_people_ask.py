"""People ask about what happened, and the numbers are those of the records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario.conftest import Saved
from tests.support.talk import Shown, Talk


async def _release(talk: Talk, words: str, by: str = "engineer") -> int:
    """Says it, has it approved by the lead, and waits for its end; the number of the run."""
    plan = await talk.starts(words, by=by)
    await plan.click("Approve", by="lead")
    record = await talk.finished(plan.run)
    return record.id


@pytest.fixture(scope="session")
async def eventful(released: Saved, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """After v2 was released, v3 failed as a canary, and the SRE rolled churn back to v1."""
    folder = tmp_path_factory.mktemp("eventful") / "data"
    talk = await released.open(folder)
    await _release(talk, "deploy churn v3 as a 10% canary")
    await _release(talk, "roll back churn", by="sre")
    await talk.minutes(3)
    at = talk.clock.now()
    await talk.end()
    return Saved(folder, at)


@pytest.fixture
async def past(eventful: Saved, tmp_path: Path) -> AsyncIterator[Talk]:
    talk = await eventful.open(tmp_path / "data")
    yield talk
    await talk.end()


async def _asks(talk: Talk, words: str, by: str = "lead") -> Shown:
    """An answer: never a button that changes something."""
    shown = await talk.says(words, by=by)
    changing = ("Deploy", "Roll back", "Retrain", "Pause", "Resume", "Scale", "Freeze", "Unfreeze")
    assert not [label for label in shown.buttons() if label.startswith(changing)], shown.buttons()
    return shown


async def test_how_often_is_counted_from_the_releases(past: Talk) -> None:
    records = past.bot.core.ports.records
    known = [r for model in ("churn", "demand") for r in await records.releases(model)]
    # when the lead asks how often it was rolled back, the number is that of the records
    card = await _asks(past, "how many times did we roll back this month?")
    assert card.card.title == "1 rollback this month"
    assert len(card.table().rows) == sum(r.kind == "rollback" for r in known) == 1
    card.shows("this month (", "only rollbacks", "churn v3 in run 2")
    # and a short question goes on from there
    (await _asks(past, "and demand?")).shows("No rollback of demand this month")
    deploys = await _asks(past, "how many deploys did we do today")
    assert deploys.card.title.startswith(f"{sum(r.kind == 'deploy' for r in known)} deploy")


async def test_who_and_when_are_told_from_the_decisions(past: Talk) -> None:
    rollback = (await past.bot.core.ports.records.releases("churn"))[0]
    assert (await _asks(past, "who did the last rollback")).card.title == rollback.actor == "sre"
    assert (await _asks(past, "who approved the last deploy?")).card.title == "lead"
    last = await _asks(past, "when was the last rollback")
    last.shows("churn was rolled back to v1", f"{rollback.at:%-d %b %H:%M} UTC", "approved by lead")
    given = [d for r in await past.runs() for d in r.decisions if d.actor == "lead" and d.decision == "approved"]
    (await _asks(past, "how many approvals did lead give today?")).shows(f"{len(given)} approvals by lead today")
    (await _asks(past, "who approves the most?")).shows("lead, with 3 approvals")


async def test_a_verdict_is_explained_from_its_checks(past: Talk) -> None:
    trial = next(
        t for t in await past.bot.core.ports.records.trials("churn") if t.version == "v3" and t.kind == "canary"
    )
    # when somebody asks why a version was rejected, or whether it is better
    why = await _asks(past, "why was churn v3 rejected?")
    assert why.card.title == "churn v3 failed on live traffic"
    why.shows(f"{trial.canary_requests:,} requests to v3", "What decided: score distribution", "run 2")
    better = await _asks(past, "is churn v3 better than v2?")
    assert better.card.title.startswith("No: v3 failed on live traffic")
    best = await _asks(past, "which version of churn is the best")
    assert best.card.title.startswith("churn v1, auc ")
    best.shows("v3 failed its canary", "v2 was taken back")
    compared = await _asks(past, "compare churn v1, v2 and v3")
    assert [row[0] for row in compared.table().rows] == ["v1", "v2", "v3"]
    # and in the open the newest one is meant
    (await _asks(past, "explain the verdict", by="analyst")).shows("churn v2 was taken back", "asked for by sre")


async def test_what_changed_is_a_timeline_for_people(past: Talk) -> None:
    await past.says("freeze deploys because the audit is on", by="lead")
    card = await _asks(past, "what changed since yesterday?", by="analyst")
    kinds = [row[1] for row in card.table().rows]
    assert kinds.count("release") == 2 and kinds.count("decision") == 3 and kinds.count("setting") == 1
    card.shows(
        "churn v2 was deployed by engineer", "churn was rolled back to v1 by sre", "lead froze changes: the audit is on"
    )
    card.shows("run 2 failed: deploy model churn v3")
    assert [row[0] for row in card.table().rows] == sorted(row[0] for row in card.table().rows)
    # nothing is said to have changed where nothing did
    (await _asks(past, "what changed on demand since yesterday?")).shows("Nothing of demand changed since yesterday")


async def test_how_long_is_told_from_runs_like_it(past: Talk) -> None:
    done = [r for r in await past.runs("succeeded") if r.playbook == "deploy_model"]
    assert len(done) == 1
    (await _asks(past, "how long does a deploy take")).shows("A deploy takes 30 min, once")
    # when a run is open here, "it" is that run, across people
    plan = await past.starts("deploy demand v2 as a 10% canary", by="engineer")
    (await _asks(past, "how long will it take?")).shows("About 30 min once it is approved", f"run {plan.run}")
    (await _asks(past, "who has to approve it", by="engineer")).shows(f"lead or sre may approve run {plan.run}")
    (await _asks(past, "is it risky", by="sre")).shows("against it", "On failure or cancel")
    (await _asks(past, "who approved it", by="analyst")).shows(f"Nobody has approved run {plan.run}")
    (await _asks(past, "what is running right now")).shows("No running run")
    await plan.click("Approve", by="lead")
    await past.minutes(5)
    (await _asks(past, "where is it at", by="engineer")).shows("is under way", "judge v2")
    (await _asks(past, "how long will it take?", by="engineer")).shows("About 25 min more")
    (await _asks(past, "what is running right now")).shows("1 running run", f"run {plan.run}")


async def test_whether_it_is_safe_to_deploy_has_its_reasons(past: Talk) -> None:
    (await _asks(past, "is it safe to deploy demand now?")).shows("Yes for demand, nothing speaks against it")
    # a version that failed is spoken against, and so is a freeze
    (await _asks(past, "is it safe to deploy churn v3")).shows("No, not now for churn", "v3 failed its canary")
    await past.says("freeze deploys", by="lead")
    (await _asks(past, "is it safe to deploy demand now?")).shows(
        "No, not now for demand", "changes are frozen by lead"
    )
    frozen = await past.says(
        "are we frozen?", by="engineer"
    )  # its end may be ordered there: it is what was asked about
    frozen.shows("Changes are frozen", "lead")
    assert (await _asks(past, "who froze deploys?")).card.title == "lead"


async def test_an_incident_is_told_as_it_stands(past: Talk) -> None:
    (await _asks(past, "is everything green?")).shows("churn", "demand")
    # given errors on churn
    await past.inject("churn", "errors")
    alert = await past.alert("churn", "errors_detected")
    # then it is the worst one, nothing is back to normal, and deploying it is not safe
    assert (await _asks(past, "which model is worst right now")).card.title.startswith(
        f"churn: alert {alert.id} is open"
    )
    (await _asks(past, "is churn back to normal?")).shows("No: churn", f"alert {alert.id} is open")
    (await _asks(past, "is it safe to deploy churn")).shows("No, not now for churn", f"alert {alert.id} is open")
    (await _asks(past, "which model has the most errors")).shows("churn, error rate")
    (await _asks(past, "what went wrong today?")).shows("1 alert today", "1 of them is open")
    # and with the alert in mind
    await past.says(f"show alert {alert.id}")
    assert (await _asks(past, "is it over?")).card.title == "No, it is still open"
    await past.mend()
    over = await past.over(alert)
    assert over.recover_s is not None
    await past.says(f"show alert {alert.id}")
    (await _asks(past, "is it over?")).shows("Yes, over since")


async def test_what_is_not_known_is_said_so(past: Talk) -> None:
    (await _asks(past, "what did we spend on llm this month?")).shows(
        "Nothing was spent on a language model this month"
    )
    (await _asks(past, "whats the roi of churn model")).shows("cannot be told", "costs")
    (await _asks(past, "whos on call")).shows("No on-call rota is known to me", "roll back: engineer, lead, sre")
    (await _asks(past, "when was demand last retrained")).shows("demand", "v1", "trained")
    (await _asks(past, "is demand v2 better than v1")).shows("Not known: demand v2 has not been tried on live traffic")


async def test_when_the_bot_acts_unasked_is_told_from_its_rules(past: Talk) -> None:
    rules = await past.bot.core.ports.records.rules()
    card = await _asks(past, "when do you act unasked?")
    assert len(card.table().rows) == len(rules)
    alone = [r for r in rules if r.mode == "auto"]
    card.shows(f"{len(alone)} of {len(rules)} rules")
    retrains = await _asks(past, "does it ever retrain on its own?")
    retrains.shows(
        "Never without an approval"
        if all(r.mode != "auto" for r in rules if r.playbook == "retrain_model")
        else "by myself"
    )


async def test_an_order_that_looks_like_a_question_is_still_an_order(past: Talk) -> None:
    card = await past.says("can you roll back churn to v2?", by="engineer")
    assert card.card.run_id is not None or "Did you mean" in card.words or "Roll back" in " ".join(card.buttons())
    await past.rest()
