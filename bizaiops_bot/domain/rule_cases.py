"""The examples inside a rule file, run: given an event and what is known, this must follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.records import Release
from bizaiops_bot.domain.rule import Rule, RuleCase
from bizaiops_bot.domain.rules import Facts, RuleDecision, decide

_NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def decide_case(rule: Rule, case: RuleCase) -> RuleDecision:
    """What the rule does in the case: the event is about model "churn", at noon on a Monday."""
    event = Event(
        kind=rule.when,
        model="churn",
        at=_NOON,
        onset=_NOON - timedelta(minutes=case.onset_minutes_ago),
        title=case.says,
        detail=case.detail,
    )
    facts = Facts(
        now=_NOON,
        release=_release(case),
        open_runs=case.open_runs,
        acted=tuple(_NOON - timedelta(minutes=m) for m in case.acted_minutes_ago),
        frozen=case.frozen,
    )
    return decide(rule, event, facts)


def _release(case: RuleCase) -> Release | None:
    if case.release is None:
        return None
    return Release(
        model="churn",
        version=case.release,
        previous=case.previous,
        kind=case.release_kind,
        actor="engineer",
        approved_by=("lead",),
        run=1,
        at=_NOON - timedelta(minutes=case.release_minutes_ago),
    )


def broken_promises(rule: Rule, case: RuleCase) -> list[str]:
    """What the decision does otherwise than the case says; empty when the case holds."""
    got = decide_case(rule, case)
    wrong = [] if got.act == case.then_act else [f"act is {got.act}: {got.reason}"]
    if got.page != case.then_page:
        wrong.append(f"pages {got.page}, not {case.then_page}: {got.reason}")
    if case.then_inputs and got.inputs != case.then_inputs:
        wrong.append(f"inputs are {got.inputs}")
    if case.then_reason not in got.reason:
        wrong.append(f"reason {got.reason!r} does not say {case.then_reason!r}")
    return wrong
