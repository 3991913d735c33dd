"""Self-healing as data: event -> criteria -> guards -> playbook, with a numeric reason for everything that is not done.

Causes are told apart before anything acts: a step within the bake time of a release, on the new version, is the
release's fault (roll back); inputs that move under an unchanged release are the world's (retrain); missing values
are somebody's broken pipeline (a person).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.domain.events import Event, EventKind
from bizaiops_bot.domain.records import Release
from bizaiops_bot.domain.rule import Criteria, Guards, Mode, Rule, RuleCase
from bizaiops_bot.domain.rule_files import load_rules
from bizaiops_bot.domain.values import Value, duration_s, spoken_duration

__all__ = [
    "Criteria",
    "Event",
    "EventKind",
    "Facts",
    "Guards",
    "Mode",
    "Rule",
    "RuleCase",
    "RuleDecision",
    "blamed_release",
    "decide",
    "load_rules",
]

# An estimated onset is good to a minute or two, so one just before a release still counts as after it.
_ONSET_SLACK = timedelta(minutes=2)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Facts(Value):
    """What is known when a rule decides. `release` is the model's latest, `acted` the times of this rule's actions
    on it.
    """

    now: datetime
    release: Release | None = None
    open_runs: tuple[int, ...] = ()
    acted: tuple[datetime, ...] = ()
    frozen: str | None = None
    change: str = ""
    """The newest change of the traffic in words, where it is no release: a canary at work, a pause, scaling."""

    def words(self, event: Event) -> dict[str, str]:
        """Names for input templates: model, onset, title, version and previous of the latest release, and the
        event's details.
        """
        known: dict[str, Any] = {"model": event.model, "onset": event.onset.isoformat(), "title": event.title}
        if self.release is not None:
            known |= {"version": self.release.version, "previous": self.release.previous}
        known |= {name: value for name, value in event.detail.items() if isinstance(value, str | int | float)}
        return {name: str(value) for name, value in known.items() if value is not None}


class RuleDecision(Value):
    """What the rule does now. act: run `playbook` with `inputs` in `mode`. page: role to tell. reason: why, or why
    not, with numbers.
    """

    rule: str
    applies: bool
    act: bool
    mode: Mode
    playbook: str | None
    inputs: dict[str, str]
    page: str | None
    reason: str


def decide(rule: Rule, event: Event, facts: Facts) -> RuleDecision:
    """Pure: the same event and facts give the same decision. A rule that does not apply neither acts nor pages."""
    unmet = _unmet(rule, event, facts)
    if unmet is not None:
        return _decision(rule, applies=False, act=False, inputs={}, reason=unmet)
    if rule.playbook is None:
        return _decision(rule, applies=True, act=False, inputs={}, reason=f"{rule.name} only pages: {event.title}")
    words = facts.words(event)
    unknown = sorted({n for text in rule.inputs.values() for n in _PLACEHOLDER.findall(text) if n not in words})
    held = _held_back(rule, facts) or (f"not known: {', '.join(unknown)}" if unknown else None)
    if held is not None:
        return _decision(rule, applies=True, act=False, inputs={}, reason=held)
    inputs = {name: _fill(text, words) for name, text in rule.inputs.items()}
    if rule.mode == "shadow":
        return _decision(rule, applies=True, act=False, inputs=inputs, reason=f"shadow: would run {rule.playbook}")
    return _decision(rule, applies=True, act=True, inputs=inputs, reason=_why(rule, event, facts))


def blamed_release(event: Event, facts: Facts, within: timedelta) -> Release | None:
    """The latest release when it began at most `within` before the onset and the affected version is the one it
    brought.
    """
    release = facts.release
    if release is None or release.kind in {"rollback", "initial"}:
        return None
    age = event.onset - release.at
    if age < -_ONSET_SLACK or age > within or release.at > facts.now:
        return None
    return release if event.detail.get("version", release.version) == release.version else None


def _unmet(rule: Rule, event: Event, facts: Facts) -> str | None:
    """Why the rule does not apply, None when it does."""
    if event.kind != rule.when:
        return f"{rule.name} listens to {rule.when}, this is {event.kind}"
    return _release_unmet(rule, event, facts) or _data_unmet(rule, event)


def _release_unmet(rule: Rule, event: Event, facts: Facts) -> str | None:
    only, unless = rule.criteria.only_if_recent_release_minutes, rule.criteria.unless_recent_release_minutes
    if only is not None and blamed_release(event, facts, timedelta(minutes=only)) is None:
        return f"no release within {only:g} min before the onset to blame: {_release_words(event, facts)}"
    blamed = blamed_release(event, facts, timedelta(minutes=unless)) if unless is not None else None
    if blamed is not None:
        return f"a release within {unless:g} min before the onset is to blame: {_release_words(event, facts)}"
    return None


def _release_words(event: Event, facts: Facts) -> str:
    release = facts.release
    newest = f"; the newest change is that {facts.change}" if facts.change else ""
    if release is None:
        return f"the model has no release on record{newest}"
    age = (event.onset - release.at).total_seconds()
    order = f"{spoken_duration(abs(age))} {'before' if age >= 0 else 'after'} the onset"
    seen = event.detail.get("version")
    where = f", seen on {seen}" if seen else ""
    return f"the last one, {release.version} ({release.kind}), came {order}{where}{newest}"


def _data_unmet(rule: Rule, event: Event) -> str | None:
    gaps = event.detail.get("missing_columns") or ()
    if rule.criteria.unless_missing and gaps:
        names = ", ".join(map(str, gaps))
        return f"missing values in {len(gaps)} column{'s' * (len(gaps) != 1)} ({names}) must be mended first"
    rows = int(event.detail.get("rows", 0))
    if rows < rule.criteria.min_rows:
        return f"the finding rests on {rows:,} rows, {rule.criteria.min_rows:,} needed"
    return None


def _held_back(rule: Rule, facts: Facts) -> str | None:
    """The guard that stops the rule, None when none does."""
    guards = rule.guards
    if facts.frozen and not guards.during_freeze:
        return f"changes are frozen: {facts.frozen}"
    if guards.one_open_run and facts.open_runs:
        return f"run {facts.open_runs[0]} is at work on the model, 1 run at a time"
    past = [facts.now - at for at in facts.acted if at <= facts.now]
    quiet = timedelta(seconds=duration_s(guards.cooldown))
    if past and min(past) < quiet:
        return f"cooldown: acted {_ago(min(past))} ago, next after {guards.cooldown}"
    recent = sum(age < timedelta(seconds=duration_s(guards.per)) for age in past)
    if recent >= guards.max_actions:
        return f"acted {recent} times in {guards.per}, at most {guards.max_actions}: a person has to look"
    return None


def _ago(age: timedelta) -> str:
    return spoken_duration(age.total_seconds())


def _why(rule: Rule, event: Event, facts: Facts) -> str:
    within = rule.criteria.only_if_recent_release_minutes
    blamed = blamed_release(event, facts, timedelta(minutes=within)) if within is not None else None
    if blamed is not None:
        age = max(timedelta(0), event.onset - blamed.at)
        return f"{event.title}; it began {_ago(age)} after the release of {blamed.version}"
    return event.title


def _fill(text: str, words: Mapping[str, str]) -> str:
    """Plain replacement, so that a value with braces in it stays a value."""
    return _PLACEHOLDER.sub(lambda match: words[match[1]], text)


def _decision(rule: Rule, *, applies: bool, act: bool, inputs: dict[str, str], reason: str) -> RuleDecision:
    return RuleDecision(
        rule=rule.name,
        applies=applies,
        act=act,
        mode=rule.mode,
        playbook=rule.playbook,
        inputs=inputs,
        page=rule.page if applies else None,
        reason=reason,
    )
