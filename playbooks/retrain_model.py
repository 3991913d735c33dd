"""Train a model again on what has happened since the world changed, then roll it out like any release."""

from datetime import UTC, datetime, timedelta

from pydantic import Field

from bizaiops_bot.playbook import Alert, Build, DiffLine, FreeText, Inputs, ModelName, Run, playbook, stamp
from playbooks._cards import clock_now, known_model, known_versions, number_of, success_title
from playbooks._rollout import (
    REMIND,
    Released,
    Rollout,
    certify,
    foresight,
    hold_words,
    previous_alias,
    refuse_while_frozen,
    released,
    roll_out,
    steady_traffic,
    still_as_planned,
)

CANARY = 10
ENOUGH_ROWS = 1_500
RECENT = timedelta(days=30)


class RetrainModel(Inputs):
    """Train a new version on history plus labelled rows since the world changed, then roll it out as a canary."""

    model: ModelName = Field(description="the model")
    since: datetime | None = Field(
        None,
        description="learn from labelled rows since then (ISO time, UTC); the drift's onset or 30 days if left out",
    )
    reason: FreeText | None = Field(None, description="why, for the approvers and the audit")


@playbook(title="Retrain a model", risk="change")
async def retrain_model(run: Run, ask: RetrainModel) -> Released:
    await known_model(run, ask.model)
    await refuse_while_frozen(run, ask.model)
    traffic, stable = await steady_traffic(run, ask.model)
    since = await _since(run, ask)
    version = f"v{max(map(number_of, await known_versions(run, ask.model)), default=0) + 1}"
    seen = await foresight(run, ask.model, stable, CANARY)
    await run.approve(
        _question(ask, version, stable, since),
        escalate=REMIND,
        undo=f"say `roll back {ask.model}`",
        foresight=seen.words if seen else "",
    )
    await refuse_while_frozen(run, ask.model)
    await still_as_planned(run, traffic)
    await _collect(run, ask.model, since)
    await _make(run, ask.model, version, stable, since)
    previous = await previous_alias(run, ask.model)
    rollout = Rollout(ask.model, version, stable, previous, CANARY, "retrain", seen.value_must if seen else None)
    verdict = await roll_out(run, rollout)
    return released(run, rollout, verdict, title=success_title(ask.model, version, "retrained and released"))


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


def _question(ask: RetrainModel, version: str, stable: str, since: datetime) -> str:
    why = f" Reason: {ask.reason}" if ask.reason else ""
    return (
        f"Train {ask.model} {version} on history plus at least {ENOUGH_ROWS:,} labelled rows since {stamp(since)}, "
        f"test it against {stable}, send it {CANARY}% and everything after {hold_words()} without harm?{why}"
    )


async def _collect(run: Run, model: str, since: datetime) -> None:
    async def enough() -> tuple[bool, str]:
        rows = await run.pipelines.labelled_rows(model, since)
        return rows >= ENOUGH_ROWS, f"{rows:,} of {ENOUGH_ROWS:,} labelled rows"

    await run.wait("collect labelled rows", enough, every="1m", deadline="24h")


async def _make(run: Run, model: str, version: str, stable: str, since: datetime) -> None:
    registered = {v.version: v for v in await run.read(run.registry.versions, model)}
    trained = DiffLine(what=f"build of {model} {version}", before="none", after=f"trained on rows since {stamp(since)}")
    build: Build = await run.step(
        "retrain",
        run.pipelines.retrain,
        model,
        version,
        since,
        changes=[trained],
        detail=lambda b: f"{b.train_rows:,} rows in {b.train_seconds:.1f} s",
    )
    await certify(run, build, model=model, version=version, stable=stable, registered=registered)
