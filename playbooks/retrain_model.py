"""Train a model again on what has happened since the world changed, then roll it out like any release."""

from datetime import UTC, datetime, timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    Alert,
    BuildOrder,
    FreeText,
    ModelSpec,
    NoData,
    Run,
    ServiceInputs,
    playbook,
    stamp,
)
from playbooks._builds import build_version
from playbooks._cards import clock_now, known_model, known_versions, success_title
from playbooks._ready import refuse_while_frozen, steady_traffic, still_as_planned
from playbooks._rollout import REMIND, Released, Rollout, foresight, hold_words, previous_alias, released, roll_out

CANARY = 10
ENOUGH_ROWS = 1_500
RECENT = timedelta(days=30)


class RetrainModel(ServiceInputs):
    """Train a new version on history plus labelled rows since the world changed, then roll it out as a canary."""

    since: datetime | None = Field(
        None,
        description="learn from labelled rows since then (ISO time, UTC); the drift's onset or 30 days if left out",
    )
    reason: FreeText | None = Field(None, description="why, for the approvers and the audit")


@playbook(title="Retrain a model", risk="change")
async def retrain_model(run: Run, ask: RetrainModel) -> Released:
    spec = (await known_model(run, ask.model)).at(ask.environment)
    await refuse_while_frozen(run, ask.service)
    traffic, stable = await steady_traffic(run, ask.service)
    since = await _since(run, ask)
    named = await _named(run, ask.model)
    seen = await foresight(run, spec, traffic, stable, CANARY)
    await run.approve(
        _question(ask, spec, named, stable, since),
        escalate=REMIND,
        undo=f"say `roll back {ask.service}`",
        foresight=seen.words if seen else "",
    )
    await refuse_while_frozen(run, ask.service)
    await still_as_planned(run, traffic)
    await _collect(run, ask.model, since)
    order = BuildOrder(model=ask.model, version=named, against=stable, since=since, pipeline=spec.pipeline)
    made = await build_version(run, order, trained=f"trained on rows since {stamp(since)}")
    version = named or str(made.version)
    previous = None if ask.environment else await previous_alias(run, ask.model)
    tested = seen.value_must if seen else None
    home = ask.environment is None
    rollout = Rollout(spec, traffic, version, stable, previous, (CANARY,), "retrain", tested, made.artifact, home=home)
    verdict = await roll_out(run, rollout)
    title = success_title(ask.model, version, f"retrained and released{ask.there}")
    return released(run, rollout, verdict, title=title)


async def _named(run: Run, model: str) -> str:
    """What the version will be called that is about to be trained; "" where the registry names it at the end."""
    name = await run.read(run.pipelines.new_version, model, await known_versions(run, model))
    return "" if isinstance(name, NoData) else name


async def _since(run: Run, ask: RetrainModel) -> datetime:
    if ask.since is not None:
        return ask.since if ask.since.tzinfo else ask.since.replace(tzinfo=UTC)
    alerts = await run.read(run.records.alerts, model=ask.model, open_only=True)
    if onset := drift_onset(alerts):
        return onset
    # Cut to the day, so that the plan people approve and its execution name the same moment.
    today = (await clock_now(run)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - RECENT


def drift_onset(alerts: list[Alert]) -> datetime | None:
    """When the oldest open drift began."""
    return min((a.onset for a in alerts if "drift" in a.kind), default=None)


def _question(ask: RetrainModel, spec: ModelSpec, named: str, stable: str, since: datetime) -> str:
    why = f" Reason: {ask.reason}" if ask.reason else ""
    what = f"{ask.model} {named}" if named else f"a new version of {ask.model}, which the registry will name,"
    return (
        f"Train {what} on history plus at least {ENOUGH_ROWS:,} labelled rows since {stamp(since)}, "
        f"test it against {stable}{ask.there}, send it {CANARY}% and everything after {hold_words(spec)} without "
        f"harm?{why}"
    )


async def _collect(run: Run, model: str, since: datetime) -> None:
    await run.until(
        "collect labelled rows",
        run.outcomes.labels,
        model,
        since,
        done=lambda rows: not isinstance(rows, NoData) and rows >= ENOUGH_ROWS,
        failed=lambda rows: f"Labelled rows cannot be counted: {rows}." if isinstance(rows, NoData) else None,
        detail=lambda rows: f"{rows:,} of {ENOUGH_ROWS:,} labelled rows",
        every="1m",
        deadline="24h",
    )
