"""What deploying and retraining share: build, gate, package, register, canary, judge, promote, remember."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bizaiops_bot.playbook import (
    BadInput,
    Build,
    Button,
    Card,
    Conflict,
    DiffLine,
    Foresight,
    GateReport,
    ModelVersion,
    Outcome,
    Outputs,
    Refused,
    Regression,
    Run,
    Text,
    TrafficState,
    Undecided,
    Verdict,
    duration_s,
    of_gate,
    spoken_duration,
    too_good,
)
from playbooks._cards import listed, sentence, status_button, verdict_line, verdict_table
from playbooks._trials import failed_card
from playbooks._watch import arm_before, what_it_can_show

REMIND = {"4h": "approver", "20h": "approver"}
"""When approvers who have not decided are told again."""
HOLD = "30m"
"""Long enough for 90 of 100 harmless canaries of a tenth of 240 requests a minute to be shown harmless."""


@dataclass(frozen=True)
class Rollout:
    """A version on its way to all traffic. `percent` is the canary's share, 100 for everything at once; value_must:
    whether the plan said that the business value is tested.
    """

    model: str
    version: str
    stable: str
    previous: str | None
    percent: int
    kind: Literal["deploy", "retrain"]
    value_must: bool | None = None


class Released(Outputs):
    """A version that came to all traffic: what was judged, and which version had the traffic before."""

    model: str
    version: str
    previous: str
    verdict: Verdict


async def refuse_while_frozen(run: Run, model: str) -> None:
    """Raises Refused while releases are frozen; going back to an older version is never frozen."""
    if frozen := await run.read(run.records.frozen, model):
        raise Refused("No release can begin now.", f"Changes are {frozen}.", "An approver can say `unfreeze deploys`.")


async def steady_traffic(run: Run, model: str) -> tuple[TrafficState, str]:
    """The traffic and its stable version. Raises BadInput while the model is paused or a canary is out."""
    traffic = await run.read(run.serving.traffic, model)
    if traffic.paused:
        raise BadInput(f"{model} is paused.", "A canary needs live requests.", f"Type `resume {model}` first.")
    if traffic.canary is not None:
        raise BadInput(
            f"A canary of {model} is already out: {traffic.spoken()}.",
            do=f"Wait for its run, or type `roll back {model}`.",
        )
    if traffic.stable is None:
        raise BadInput(f"{model} has no stable version, so there is nothing to compare a canary with.")
    return traffic, traffic.stable


async def still_as_planned(run: Run, planned: TrafficState) -> None:
    """Raises Conflict when the traffic is no longer what the approved plan began with."""
    now = await run.read(run.serving.traffic, planned.model)
    if now.weights != planned.weights or now.stable != planned.stable:
        raise Conflict(
            f"{planned.model} was not changed.",
            f"The plan began with {planned.spoken()}, but the traffic is now {now.spoken()}.",
            "Ask again to get a plan for the world as it is.",
        )


async def certify(
    run: Run, build: Build, *, model: str, version: str, stable: str, registered: Mapping[str, ModelVersion]
) -> None:
    """Tests a build against the stable version, packages and registers it. Raises Regression when the gate says no.

    registered: the versions known before, by name, in their order.
    """
    champion = registered[stable].metrics if stable in registered else {}
    report = await run.step(
        "test", run.pipelines.test, build, against=stable, detail=lambda r: _gate_detail(r, champion)
    )
    await _require_gate(run, report)
    known = list(registered)
    package = await run.step(
        "package", run.pipelines.package, build, detail=lambda p: f"{p.size_bytes / 1e6:.2f} MB, {p.digest[:12]}"
    )
    listed = DiffLine(
        what=f"registry of {model}", before=", ".join(known) or "empty", after=", ".join([*known, version])
    )
    await run.step(
        "register", run.registry.register, package, changes=[listed], detail=lambda v: f"{v.version} registered"
    )


def _gate_detail(report: GateReport, champion: dict[str, float]) -> str:
    said = f"{'passed' if report.passed else 'failed'} on {report.holdout_rows:,} held-out rows: {report.reason}"
    leaked = too_good(report.metrics, champion, report.against, rows=report.holdout_rows)
    return f"{said}. {leaked}" if leaked else said


async def _require_gate(run: Run, report: GateReport) -> None:
    if run.planning:
        return
    verdict = of_gate(report)
    await run.note_trial(report.model, report.version, "gate", verdict)
    if report.passed:
        return
    raise Regression(
        f"{report.model} {report.version} did not pass the quality gate against {report.against}.",
        f"{report.reason}, on {report.holdout_rows:,} held-out rows.",
        "No traffic was moved.",
        card=failed_card(run, report.model, report.version, report.against, verdict, registered=False),
    )


async def roll_out(run: Run, r: Rollout) -> Verdict:
    """Shifts traffic, judges, promotes and remembers; a failure or cancel in between restores the stable version."""
    async with run.undo(f"restore traffic: {r.model} {r.stable} 100%", run.serving.restore, r.model, r.stable):
        verdict = await _shift_and_judge(run, r)
        everything = {r.version: 100}
        state = await run.step(
            "promote",
            run.serving.promote,
            r.model,
            r.version,
            changes=[_promotion_line(r)],
            detail=lambda s: s.spoken(),
        )
        expect_weights(run, state, everything)
        async with run.undo(
            f"restore champion: {r.model} {r.stable}", run.registry.set_alias, r.model, "champion", r.stable
        ):
            await _remember(run, r)
    return verdict


async def _shift_and_judge(run: Run, r: Rollout) -> Verdict:
    at_once = r.percent == 100
    before = await arm_before(run, r.model, r.stable) if at_once else None
    state = await run.step(
        "shift traffic",
        run.serving.set_canary,
        r.model,
        r.version,
        r.percent,
        changes=[_traffic_line(r, f"{r.stable} 100%", _split(r))],
        detail=lambda s: s.spoken(),
    )
    expect_weights(run, state, _weights(r))
    # With everything on the new version there is no stable arm left beside it: the hour before takes its place.
    share = None if at_once else r.percent
    verdict = await run.judge(r.model, r.version, hold=HOLD, share=share, value_must=r.value_must, before=before)
    _require_verdict(run, r, verdict)
    return verdict


def _weights(r: Rollout) -> dict[str, int]:
    shares = {r.stable: 100 - r.percent, r.version: r.percent}
    return {version: share for version, share in shares.items() if share}


def _split(r: Rollout) -> str:
    return ", ".join(f"{version} {share}%" for version, share in _weights(r).items())


def _traffic_line(r: Rollout, before: str, after: str) -> DiffLine:
    return DiffLine(what=f"traffic of {r.model}", before=before, after=after)


def _promotion_line(r: Rollout) -> DiffLine:
    if r.percent == 100:
        return DiffLine(what=f"stable version of {r.model}", before=r.stable, after=r.version)
    return _traffic_line(r, _split(r), f"{r.version} 100%")


def expect_weights(run: Run, state: TrafficState, wanted: dict[str, int]) -> None:
    """Raises Conflict when the serving system reports other weights than were asked for."""
    if run.planning or state.weights == wanted:
        return
    asked = ", ".join(f"{version} {share}%" for version, share in wanted.items())
    raise Conflict(
        f"The traffic of {state.model} is not what was asked for.",
        f"Asked: {asked}; reported: {state.spoken()}.",
        f"Type `status {state.model}` to see it as it is now.",
    )


def _require_verdict(run: Run, r: Rollout, verdict: Verdict) -> None:
    if run.planning or verdict.ok:
        return
    reason = sentence(verdict.reason)
    card = failed_card(run, r.model, r.version, r.stable, verdict, registered=True)
    if verdict.outcome is Outcome.INCONCLUSIVE:
        what = f"{r.model} {r.version} was not promoted, and nothing is known against it."
        answered = verdict.decided.startswith("rolled back")
        why = " ".join(filter(None, [reason, sentence(verdict.decided)]))
        raise Undecided(what, why, f"{r.stable} gets all traffic again.", answered=answered, card=card)
    harm = (
        f": harm in {listed(hurt)}" if (hurt := [c.name for c in verdict.checks if c.outcome is Outcome.FAILED]) else ""
    )
    word = {Outcome.FAILED: f"failed as a canary{harm}", Outcome.ERROR: "could not be measured"}[verdict.outcome]
    raise Regression(f"{r.model} {r.version} {word}.", reason, f"{r.stable} gets all traffic again.", card=card)


async def _remember(run: Run, r: Rollout) -> None:
    await set_champion(run, r.model, r.version, r.stable, r.previous)
    await run.step("note the release", run.controls.record_release, r.model, r.version, r.stable, r.kind, run=run.id)


async def set_champion(run: Run, model: str, champion: str, previous: str, old_previous: str | None) -> None:
    """Moves the registry's aliases; `previous` is the version that was champion until now."""
    was = DiffLine(what=f"alias previous of {model}", before=old_previous or "none", after=previous)
    await run.step("set alias previous", run.registry.set_alias, model, "previous", previous, changes=[was])
    now = DiffLine(what=f"alias champion of {model}", before=previous, after=champion)
    await run.step("set alias champion", run.registry.set_alias, model, "champion", champion, changes=[now])


async def previous_alias(run: Run, model: str) -> str | None:
    """The version that the registry calls `previous`, if any."""
    versions = await run.read(run.registry.versions, model)
    return next((v.version for v in versions if "previous" in v.aliases), None)


async def foresight(run: Run, model: str, stable: str, percent: int) -> Foresight | None:
    """What this rollout can show, for those who approve it; None in runs that were planned before it was said."""
    if not run.patched("2026-11 what a rollout can show"):
        return None
    return await what_it_can_show(run, model, stable, share=percent, hold=HOLD)


def hold_words() -> str:
    """ "30 min" """
    return spoken_duration(duration_s(HOLD))


def released(run: Run, r: Rollout, verdict: Verdict, *, title: str) -> Released:
    """How a rollout ended well, for people and for programs."""
    card = _success_card(run, r, verdict, title)
    return Released(card=card, model=r.model, version=r.version, previous=r.stable, verdict=verdict)


def _success_card(run: Run, r: Rollout, verdict: Verdict, title: str) -> Card:
    """Verdict with numbers, traffic now, what to say next."""
    if run.planning:
        return Card(title=title)
    line = f"{r.model} {r.version} now gets all traffic; before it was {r.stable}. {verdict_line(verdict)}"
    return Card(
        title=title,
        tone="muted" if verdict.accepted else "success",
        summary=line,
        blocks=(Text(text=line), verdict_table(verdict)),
        buttons=(
            status_button(r.model),
            Button(label="Compare", command=f"compare {r.model} {r.stable} and {r.version}"),
            Button(label="Effect on KPIs", command=f"what did the last {r.model} release do?"),
            Button(label="Roll back", command=f"roll back {r.model}", style="danger"),
        ),
        run_id=run.id,
    )
