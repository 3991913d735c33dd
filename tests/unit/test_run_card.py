"""A run's card is short: what is asked, the buttons and who may decide come first, on every surface."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bizaiops_bot.domain.cards import Card, DiffLine, Fields, StepLine, Steps, Text
from bizaiops_bot.domain.plan import GateSpec, Plan, PlanStep
from bizaiops_bot.domain.records import DecisionRecord, OpenGate, RunRecord, RunStatus
from bizaiops_bot.engine.approvals.run_card import draw
from bizaiops_bot.surfaces.render import adaptive, blockkit
from bizaiops_bot.surfaces.render.html import card_blocks, card_details
from bizaiops_bot.surfaces.render.text import plain_text
from tests.support.random_cards import posted

NOW = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)
QUESTION = "Send 10% of churn to v2 (v1 keeps 90%)?"
TRAFFIC = DiffLine(what="traffic of churn", before="v1 100%", after="v1 90%, v2 10%")
ALIASES = tuple(DiffLine(what=f"alias {name} of churn", before="v1", after="v2") for name in ("champion", "previous"))


def run(status: RunStatus, changes: tuple[DiffLine, ...] = (TRAFFIC,), *, done: int = 0, error: str = "") -> RunRecord:
    names = ["approval 1", "build", "shift traffic", "judge v2"]
    steps = tuple(
        StepLine(
            name=name, status="done" if i < done else "running" if i == done else "planned", detail=f"about {name}"
        )
        for i, name in enumerate(names)
    )
    return RunRecord(
        id=7,
        playbook="deploy_model",
        inputs={"model": "churn"},
        actor="engineer",
        conversation="ml-ops",
        thread="m-1",
        status=status,
        summary="",
        error=error,
        steps=steps,
        created=NOW,
        ended=None,
        plan=Plan(
            playbook="deploy_model",
            inputs={"model": "churn"},
            steps=(
                PlanStep(name="deploy", kind="gate"),
                PlanStep(name="shift traffic", kind="step", changes=changes),
                PlanStep(name="restore traffic", kind="undo"),
            ),
            gates=(GateSpec(name="deploy", question=QUESTION, foresight="about 1,100 requests"),),
        ),
        decisions=(DecisionRecord(gate="deploy", actor="lead", decision="approved", reason="", at=NOW),)
        if done
        else (),
    )


def gate(record: RunRecord) -> OpenGate:
    return OpenGate(
        run=7,
        name="deploy",
        question=QUESTION,
        kind="approval",
        quorum=1,
        role="approver",
        people=(),
        plan_hash=record.plan.hash,
        opened=NOW,
        expires=NOW + timedelta(hours=24),
        voices=(),
        may=("lead", "sre"),
    )


def waiting(changes: tuple[DiffLine, ...] = (TRAFFIC,)) -> Card:
    record = run("waiting", changes)
    return draw(record, "Deploy churn v2", None, gate(record))


def on_all_surfaces(card: Card) -> dict[str, str]:
    """What each sends, in the order people meet it."""
    shown = posted(card)
    teams = adaptive.render(shown)
    assert not adaptive.check(teams) and not blockkit.check(blockkit.render(shown).blocks)
    return {
        "slack": json.dumps(blockkit.render(shown).blocks, ensure_ascii=False),
        "teams": json.dumps([teams["body"], teams.get("actions", [])], ensure_ascii=False),
        "terminal": plain_text(card),
    }


@pytest.mark.parametrize("surface", ["slack", "teams", "terminal"])
def test_an_approver_reads_the_question_then_the_buttons_then_who_may_then_the_numbers(surface: str) -> None:
    shown = on_all_surfaces(waiting())[surface]

    order = ["waiting for approval", "Send 10% of churn", "Approve", "Must approve", "about 1,100 requests"]
    places = [shown.index(words) for words in order]
    assert places == sorted(places)
    assert "1 of: lead, sre" in shown and "3 Mar 14:02 UTC" in shown


def test_steps_undo_and_the_plans_hash_are_folded_away_in_the_console() -> None:
    card = waiting()

    folded = str(card_details(card))
    in_the_open = str(card_blocks(card)).replace(folded, "")
    assert "<details" in folded
    for words in ("restore traffic", "judge v2", "plan "):
        assert words in folded and words not in in_the_open
    assert "v1 90%, v2 10%" in in_the_open and "1 of: lead, sre" in in_the_open


def test_in_teams_a_button_shows_the_details_and_in_the_terminal_a_line_says_where_they_are() -> None:
    teams = adaptive.render(posted(waiting()))["body"]

    hidden = [part for part in teams if part.get("isVisible") is False]
    assert [part["type"] for part in hidden] == ["Container"] and "judge v2" in json.dumps(hidden)
    text = plain_text(waiting())
    assert "judge v2" not in text and "show run 7" in text
    assert "restore traffic" in text  # how it is undone is read before approving


def test_a_phones_notice_says_what_is_asked() -> None:
    card = waiting()
    assert QUESTION in blockkit.render(posted(card)).text and QUESTION in adaptive.fallback_text(posted(card))
    over = run("cancelled")
    assert QUESTION not in draw(over, "Deploy churn v2", None, gate(over)).text


@pytest.mark.parametrize("surface", ["slack", "teams"])
def test_the_last_question_before_approving_names_the_traffic_first(surface: str) -> None:
    built = DiffLine(what="build of churn v2", before="none", after="trained")
    card = waiting((built, *ALIASES, TRAFFIC))
    if surface == "slack":
        elements = [e for b in blockkit.render(posted(card)).blocks for e in b.get("elements", [])]
        told = next(e["confirm"]["text"]["text"] for e in elements if e.get("text", {}).get("text") == "Approve")
    else:
        told = json.dumps(adaptive.render(posted(card)), ensure_ascii=False)
        told = told[told.index("Approved, this changes: ") :]
    assert told.index("v1 90%, v2 10%") < told.index("build of churn v2")
    assert "1 more" in told


def test_slack_shows_all_steps_in_one_line_of_small_print() -> None:
    (print_,) = [b for b in blockkit.render(posted(waiting())).blocks if b["type"] == "context"]

    (line,) = [line for line in print_["elements"][0]["text"].splitlines() if "judge v2" in line]
    assert "build" in line and "shift traffic" in line


def test_many_changes_are_detail_and_few_are_not() -> None:
    def open_words(card: Card) -> str:
        return str((card.layout.above, card.layout.below))

    assert "v2 10%" in open_words(waiting())
    assert "alias champion" not in open_words(waiting((TRAFFIC, *ALIASES)))
    assert "alias champion" in str(waiting((TRAFFIC, *ALIASES)).layout.details)


def test_while_it_runs_one_line_says_how_far_it_is() -> None:
    card = draw(run("running", done=3), "Deploy churn v2", None, None)

    first = card.layout.above[0]
    assert isinstance(first, Text) and first.text == "Step 4 of 4, **judge v2**: about judge v2"
    assert not any(isinstance(block, Steps | Fields) for block in card.layout.above)
    assert "Run 7 · asked by engineer · approved by lead" in str(card.layout.above)


def test_a_run_that_is_over_says_how_it_ended_before_all_else() -> None:
    outcome = Card(title="done", tone="success", blocks=(Text(text="churn v2 now gets all traffic."),))
    card = draw(run("succeeded", done=4), "Deploy churn v2", outcome, None)

    assert card.layout.above[0] == outcome.blocks[0]
    assert any(isinstance(block, Steps) for block in card.layout.details)


def test_a_failed_run_shows_openly_how_far_it_came() -> None:
    card = draw(run("failed", done=2, error="KServe refused the patch."), "Deploy churn v2", None, None)

    assert card.layout.above[0] == Text(text="KServe refused the patch.")
    assert any(isinstance(block, Steps) for block in card.layout.above)
    assert not any(isinstance(block, Steps) for block in card.layout.details)
