"""Something goes wrong in the world, and the bot notices, says so, and heals what may be healed."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.domain.cards import Chart
from bizaiops_bot.domain.records import Alert
from tests.support.talk import Shown, Talk

SOON = timedelta(minutes=2, seconds=10)


async def alert_cards(talk: Talk, alert: Alert) -> dict[str, Shown]:
    """conversation -> the card of the alert in it."""
    found = {}
    for conversation in await talk.bot.desk.conversations():
        for shown in await talk.cards(conversation):
            if shown.posted.id.startswith(f"alert-{alert.id}-"):
                found[conversation] = shown
    return found


async def proposal(talk: Talk, model: str) -> Shown:
    """The card of the run that waits for the model."""
    (run,) = [r for r in await talk.runs("waiting") if r.inputs["model"] == model]
    return await talk.card(f"run-{run.id}")


async def test_covariate_drift_is_alerted_healed_by_retraining_and_closed_with_its_times(talk: Talk) -> None:
    # given a conversation that lately spoke of churn, and one that did not
    await talk.says("how is churn doing?", by="analyst", conversation="sales")
    await talk.says("how is demand doing?", by="analyst", conversation="supply")
    await talk.minutes(5)
    # when other customers than before begin to ask
    began = talk.clock.now()
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    # then within two minutes an alert is there by itself, with the right onset
    assert talk.clock.now() - began <= SOON
    assert abs(alert.onset - began) <= timedelta(minutes=1) and alert.detect_s <= SOON.total_seconds()
    # and it is told at home and where churn was spoken of, with columns, size, chart, cause and proposal
    cards = await alert_cards(talk, alert)
    assert set(cards) == {"ml-ops", "sales"}
    for card in cards.values():
        columns = {row[0]: row for row in card.table().rows}
        assert float(columns["age"][2]) > 0.25 and "->" in columns["age"][1]
        bars = dict(zip(card.chart().x, card.chart().series[0].values, strict=True))
        assert card.chart().limit == 0.1 and {name: f"{psi:.2f}" for name, psi in bars.items()} == {
            name: row[2] for name, row in columns.items()
        }
        card.shows("Likely cause", "the requests have changed", "proposes: retrain model", "Detected")
    # and nothing changes before a person agrees
    plan = await proposal(talk, "churn")
    plan.shows("Asked by: rule:drift_retrains", "Must approve: 1 of: lead, sre", "v1 90%, v4 10%")
    assert await talk.traffic("churn") == {"v1": 100}
    # when the lead approves, a version trained on recent rows is released as a canary
    assert (await plan.click("Approve", by="lead")).accepted
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v4": 100}
    (await plan.now()).shows("labelled rows", "passed on", "score distribution")
    # then the alert closes with time to detect and to recover, on the same cards
    over = await talk.over(alert)
    assert over.recover_s is not None and over.recover_s > 0
    for conversation, card in (await alert_cards(talk, alert)).items():
        assert card.posted.id == cards[conversation].posted.id
        card.shows("Drift in churn: over", "after detection", "70 s" if over.detect_s == 70 else "after")
        assert card.card.tone == "success" and not card.buttons()
    listed = await talk.says("list alerts")
    # and in the list, beside whatever else was found meanwhile, such as that v1 was less good on the new customers
    row = next(row for row in listed.table().rows if "closed" in row)
    assert row[0] == "churn" and "min" in row[5]


async def test_the_card_of_a_proposal_can_be_approved_where_it_was_told(talk: Talk) -> None:
    # given that the proposal also stands in another conversation
    await talk.says("status demand", by="analyst", conversation="supply")
    await talk.inject("demand", "covariate_drift")
    alert = await talk.alert("demand", "drift_detected")
    assert set(await alert_cards(talk, alert)) == {"ml-ops", "supply"}
    copy = next(c for c in await talk.cards("supply") if "Approve" in c.buttons())
    copy.shows("retrain demand", "rule:drift_retrains")
    # when it is approved there
    assert (await copy.click("Approve", by="sre")).accepted
    record = await talk.finished(copy.run)
    # then demand is healed, and both cards say so
    assert record.status == "succeeded", record.error
    assert await talk.traffic("demand") == {"v4": 100}
    (await copy.now()).shows("demand v4 now gets all traffic")
    (await talk.card(f"run-{copy.run}")).shows("demand v4 now gets all traffic")
    assert (await talk.over(alert)).recover_s is not None


async def test_lost_quality_is_seen_on_late_labels_and_healed_by_retraining_on_the_rows_since(talk: Talk) -> None:
    # when the same inputs begin to mean something else
    await talk.minutes(10)
    began = talk.clock.now()
    await talk.inject("churn", "concept_drift")
    alert = await talk.alert("churn", "concept_drift_detected", minutes=40)
    # then the alert has the measured quality with its interval against the one at the gate
    card = (await alert_cards(talk, alert))["ml-ops"]
    card.shows("predicts worse than at its gate", "auc", "expected 0.79", "same requests, other outcomes", "proposes")
    quality = alert.detail["performance"]
    assert quality["high"] < quality["expected"] and quality["labelled"] >= 300
    assert abs(alert.onset - began) <= timedelta(minutes=3)
    # and a retraining waits for a person
    plan = await proposal(talk, "churn")
    plan.shows("Asked by: rule:concept_drift_retrains")
    assert await talk.traffic("churn") == {"v1": 100}
    # when it is approved, the new version is as good on live labels as at its gate, and the alert closes
    await plan.click("Approve", by="lead")
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert await talk.traffic("churn") == {"v4": 100}
    assert (await talk.over(alert)).recover_s is not None
    (await talk.says("status churn")).shows("v4", "as promised")


async def test_slowness_right_after_a_release_rolls_it_back_without_waiting_for_a_person(after_release: Talk) -> None:
    # given churn v2, released a moment ago
    talk = after_release
    began = talk.clock.now()
    # when it begins to answer slowly
    await talk.inject("churn", "latency")
    alert = await talk.alert("churn", "latency_detected")
    await talk.served("churn", {"v1": 100}, minutes=3)
    # then the old version is back within minutes, by rule and policy
    assert talk.clock.now() - began <= timedelta(minutes=3)
    (rollback,) = [r for r in await talk.runs() if r.playbook == "roll_back_model"]
    await talk.finished(rollback.id)
    assert rollback.actor == "rule:latency_rolls_back"
    card = await talk.card(f"run-{rollback.id}")
    card.shows("v2 100% -> v1 100%", "approved by policy", "p95", "limit 150 ms", "after the release of v2")
    # and the alert says why, has the latency as a chart, and closes
    shown = (await alert_cards(talk, alert))["ml-ops"]
    shown.shows("churn v2: p95", "latency_rolls_back acts by policy", "the sre is asked to look")
    assert shown.has(Chart)
    assert (await talk.over(alert)).recover_s is not None
    last = (await talk.bot.core.ports.records.releases("churn"))[0]
    assert (last.version, last.previous, last.kind) == ("v1", "v2", "rollback")


async def test_errors_right_after_a_release_roll_it_back(after_release: Talk) -> None:
    talk = after_release
    await talk.inject("churn", "errors")
    alert = await talk.alert("churn", "errors_detected")
    await talk.served("churn", {"v1": 100}, minutes=3)
    (await alert_cards(talk, alert))["ml-ops"].shows(
        "churn v2: ", "error rate", "limit 2.0%", "errors_roll_back acts by policy"
    )
    assert (await talk.over(alert)).recover_s is not None


async def test_a_rollback_does_not_wait_behind_a_proposal_that_nobody_has_approved(after_release: Talk) -> None:
    # given a proposed retraining that waits for a person
    talk = after_release
    await talk.inject("churn", "covariate_drift")
    await talk.alert("churn", "drift_detected")
    waiting = await proposal(talk, "churn")
    # when the fresh release becomes slow as well
    await talk.inject("churn", "latency")
    # then it is rolled back at once, and the proposal, made for another version, is not carried out any more
    await talk.served("churn", {"v1": 100}, minutes=4)
    late = await waiting.click("Approve", by="lead")
    assert not late.accepted or (await talk.finished(waiting.run)).status == "failed"


async def test_errors_without_a_recent_release_page_a_person_and_nothing_is_rolled_back(talk: Talk) -> None:
    # given a version that has served for long
    await talk.inject("demand", "errors")
    alert = await talk.alert("demand", "errors_detected")
    await talk.minutes(10)
    # then the people on duty are asked, and nothing was begun
    (await alert_cards(talk, alert))["ml-ops"].shows("demand v1: error rate", "the sre is asked to look")
    assert not await talk.runs() and await talk.traffic("demand") == {"v1": 100}
    # and when it is mended, the alert closes
    await talk.mend()
    assert (await talk.over(alert)).recover_s is not None


async def test_missing_values_page_a_person_and_never_retrain(talk: Talk) -> None:
    # when a feed breaks
    await talk.inject("demand", "missing_values")
    alert = await talk.alert("demand", "missing_values_detected")
    await talk.minutes(15)
    # then a person is asked, with columns and shares, and nothing is retrained, however long it lasts
    card = (await alert_cards(talk, alert))["ml-ops"]
    card.shows("missing values", "a broken data feed upstream", "the engineer is asked to look")
    assert all(int(row[3].rstrip("%")) > 10 for row in card.table().rows)
    assert "Retrain" not in card.buttons()
    assert not await talk.runs()
    await talk.mend()
    assert (await talk.over(alert)).recover_s is not None


async def test_drift_that_ends_before_anyone_approves_withdraws_its_proposal(talk: Talk) -> None:
    # given a proposal that waits
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    plan = await proposal(talk, "churn")
    # when the world is as before
    await talk.mend()
    await talk.over(alert, minutes=40)
    # then the proposal is withdrawn, and its old button says so
    record = await talk.finished(plan.run, minutes=2)
    assert record.status == "cancelled"
    (await alert_cards(talk, alert))["ml-ops"].shows("was not needed any more and is withdrawn")
    late = await plan.click("Approve", by="lead")
    assert not late.accepted and await talk.traffic("churn") == {"v1": 100}


async def test_during_a_freeze_no_rule_proposes_a_retraining(talk: Talk) -> None:
    await talk.says("freeze deploys because of the year end", by="lead")
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    (await alert_cards(talk, alert))["ml-ops"].shows("changes are frozen", "the year end")
    assert not await talk.runs()
    # and when the freeze ends, the standing drift is acted on
    await talk.says("unfreeze deploys", by="lead")
    await talk.minutes(2)
    assert (await proposal(talk, "churn")).has(Chart) is False


async def test_three_calm_hours_raise_no_alert(talk: Talk) -> None:
    # when nothing is wrong for three hours of both models' traffic
    await talk.minutes(180)
    # then nobody is disturbed
    assert await talk.alerts() == [] and await talk.runs() == []
    assert await talk.cards() == []


async def test_faults_can_be_injected_and_cleared_in_words_by_those_who_run_the_models(talk: Talk) -> None:
    refused = await talk.says("inject latency into churn", by="analyst")
    refused.shows("analyst may not")
    (await talk.says("inject latency into churn", by="engineer")).shows("latency", "8 times slower")
    await talk.alert("churn", "latency_detected")
    (await talk.says("clear all faults", by="engineer")).shows("latency")
    faults = talk.bot.core.ports.faults
    assert faults is not None and await faults.active() == []


async def test_an_alert_whose_proposal_was_rejected_is_left_to_people_and_says_so(talk: Talk) -> None:
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    assert alert.run is not None
    proposal = await talk.card(f"run-{alert.run}")
    assert (await proposal.click("Reject", by="lead")).accepted
    await talk.minutes(2)
    card = await talk.card(f"alert-{alert.id}-ml-ops")
    assert f"run {alert.run} is rejected" in card.words
    assert "a person has to look" in card.words
