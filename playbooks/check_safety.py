"""Is it safe to deploy now: yes or no, with the reasons, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    Button,
    Card,
    Context,
    Inputs,
    ModelName,
    ModelSpec,
    NoData,
    NotFound,
    Run,
    RunRecord,
    Table,
    Tone,
    Version,
    held_against,
    playbook,
    spoken_duration,
    trial_words,
)
from playbooks._asked_models import WELL, Seen, look
from playbooks._cards import clock_now, inputs_words, known_model, known_versions, listed, status_button
from playbooks._health import drift_words, health_of, traffic_of

BUDGET_HOURS = 24
FAILURES = timedelta(hours=24)
CHANGES = frozenset({"deploy_model", "retrain_model", "roll_back_model", "pause_model", "resume_model", "scale_model"})
NEARLY_SPENT = 0.75
Mark = Literal["no", "caution", "unknown", "ok"]
MARKS: dict[Mark, str] = {"no": "✗ against", "caution": "! caution", "unknown": "? not known", "ok": "✓ ok"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: of a model, or of everything ("")."""

    model: str
    what: str
    mark: Mark
    words: str


class CheckSafety(Inputs):
    """Tell whether it is safe to deploy now: freezes, alerts, health, drift, runs, last failures, error budget."""

    model: ModelName | None = Field(None, description="the model; all models if left out")
    version: Version | None = Field(None, description="the version to deploy, with what was found of it before")


@playbook(title="Check whether it is safe to deploy", risk="read")
async def check_safety(run: Run, ask: CheckSafety) -> Card:
    models = [await known_model(run, ask.model)] if ask.model else await run.read(run.models.specs)
    names = [info.name for info in models]
    allowed = " or ".join(sorted({f"{100 * info.limits.error_rate:g}%" for info in models}))
    found = [await _frozen(run)]
    for name in names:
        found += await _of_model(run, name)
    if ask.model and ask.version:
        found.append(await _version(run, ask.model, ask.version))
    against = [f for f in found if f.mark == "no"]
    doubts = [f for f in found if f.mark in ("caution", "unknown")]
    reasons = _reasons(against or doubts)
    where = f" for {ask.model}" if ask.model else ""
    said = (
        f"No, not now{where}"
        if against
        else f"Yes, with care{where}"
        if doubts
        else f"Yes{where}, nothing speaks against it"
    )
    tone: Tone = "danger" if against else "warning" if doubts else "success"
    rows = tuple(
        (f.what, f.model or "all", MARKS[f.mark], f.words)
        for f in sorted(found, key=lambda f: list(MARKS).index(f.mark))
    )
    free = [name for name in names if not any(f.mark == "no" and f.model in ("", name) for f in found)]
    only = f" Nothing speaks against {listed(free)}." if against and free and not ask.model else ""
    return Card(
        title=said,
        tone=tone,
        summary=f"{said}{f': {reasons}' if reasons else ''}.{only}",
        blocks=(
            Table(columns=("Looked at", "Model", "", "Found"), rows=rows),
            Context(
                text=f"Health and drift of the last {HEALTH_MINUTES:.0f} min, failures of the last "
                f"{spoken_duration(FAILURES.total_seconds())}, error budget of the last {BUDGET_HOURS} h at "
                f"{allowed} errors allowed. A plan still needs its approval and its canary."
            ),
        ),
        buttons=_buttons(names, found),
    )


def _reasons(found: Iterable[Finding]) -> str:
    return "; ".join(f"{f.model}: {f.words}" if f.model else f.words for f in found)


async def _frozen(run: Run) -> Finding:
    frozen = await run.read(run.records.frozen)
    return Finding(
        "", "Freeze", "no" if frozen else "ok", f"changes are {frozen}" if frozen else "changes are not frozen"
    )


async def _of_model(run: Run, name: str) -> list[Finding]:
    seen = await look(run, name)
    return [
        _alerts(seen),
        _health(seen),
        _drift(seen),
        *await _runs(run, name),
        await _budget(run, seen.info),
    ]


async def _version(run: Run, model: str, version: str) -> Finding:
    """What was found of the version when it was tried. Raises NotFound for one that there is not."""
    names = await known_versions(run, model)
    if version not in names:
        raise NotFound(f"{model} version", version, names)
    tried = held_against(await run.read(run.records.trials, model, limit=200), version)
    return Finding(
        model, f"Version {version}", "no" if tried else "ok", trial_words(tried) if tried else "nothing against it"
    )


def _alerts(seen: Seen) -> Finding:
    words = "; ".join(f"alert {a.shown_as} is open: {a.title.removeprefix(f'{seen.name} ')}" for a in seen.alerts)
    return Finding(seen.name, "Alerts", "no" if words else "ok", words or "none open")


def _health(seen: Seen) -> Finding:
    if seen.traffic.paused:
        return Finding(seen.name, "Health", "no", "it is paused, a canary needs live requests")
    marks: dict[str, Mark] = {"ok": "ok", "degraded": "no", "failing": "no", "no_data": "unknown"}
    state = seen.verdict.state
    return Finding(
        seen.name, "Health", marks[state], "healthy" if state == "ok" else f"{WELL[state]}, {seen.verdict.reason}"
    )


def _drift(seen: Seen) -> Finding:
    if isinstance(seen.drift, NoData):
        return Finding(seen.name, "Drift", "unknown", "drift is not known")
    moved = bool(seen.drift.drifted or seen.drift.missing)
    return Finding(seen.name, "Drift", "caution" if moved else "ok", drift_words(seen.drift))


async def _runs(run: Run, name: str) -> list[Finding]:
    records = [r for r in await run.read(run.records.runs, model=name, limit=100) if r.playbook in CHANGES]
    now = await clock_now(run)
    open_now = [r for r in records if not r.finished]
    failed = [r for r in records if r.status == "failed" and r.ended and now - r.ended <= FAILURES]
    under_way = "; ".join(f"run {r.id} ({inputs_words(r)}) {_stands(r)}" for r in open_now)
    last = f"run {failed[0].id} failed: {failed[0].error or inputs_words(failed[0])}".rstrip(".") if failed else ""
    return [
        Finding(name, "Runs", "no" if under_way else "ok", under_way or "none under way"),
        Finding(name, "Last failures", "caution" if failed else "ok", last or "none in the last day"),
    ]


def _stands(record: RunRecord) -> str:
    return "waits for approval" if record.status == "waiting" else "is under way"


async def _budget(run: Run, info: ModelSpec) -> Finding:
    """How much of the errors that the service level allows were made."""
    name = info.name
    health = await health_of(run, await traffic_of(run, name), 60.0 * BUDGET_HOURS)
    asked = 0 if isinstance(health, NoData) else sum(s.requests for s in health)
    if isinstance(health, NoData) or not asked:
        return Finding(name, "Error budget", "unknown", "its error budget is not known, no requests are on record")
    share = sum(s.errors for s in health) / (asked * info.limits.error_rate)
    mark: Mark = "no" if share >= 1.0 else "caution" if share >= NEARLY_SPENT else "ok"
    return Finding(name, "Error budget", mark, f"{share:.0%} of its error budget is spent")


def _buttons(names: list[str], found: list[Finding]) -> tuple[Button, ...]:
    """Only what reads."""
    bad = [name for name in names if any(f.model == name and f.mark != "ok" for f in found)]
    alerts = any(f.what == "Alerts" and f.mark == "no" for f in found)
    more = (Button(label="Alerts", command="list alerts"),) if alerts else ()
    return (*(status_button(name) for name in (bad or names)[:3]), *more)
