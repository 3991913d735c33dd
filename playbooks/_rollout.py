"""What deploying and retraining share once the version is there: canary, judge, promote, remember."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bizaiops_bot.playbook import (
    ArmSample,
    Artifact,
    Button,
    Card,
    Conflict,
    DiffLine,
    Foresight,
    ModelSpec,
    Outcome,
    Outputs,
    Regression,
    Run,
    ServiceRef,
    Stage,
    Text,
    TrafficState,
    Undecided,
    Verdict,
    duration_s,
    spoken_duration,
    spoken_service,
    until_settled,
)
from playbooks._cards import listed, sentence, status_button, verdict_line, verdict_table
from playbooks._kpis import DAYS_NEEDED
from playbooks._ready import refuse_while_frozen
from playbooks._trials import failed_card
from playbooks._watch import arm_before, what_it_can_show

REMIND = {"4h": "approver", "20h": "approver"}
"""When approvers who have not decided are told again."""

TRIED = 100
"""Requests that a version has to answer before anybody's."""
RESTORED_WITHIN = timedelta(minutes=8)
"""What was there before is up still, or quickly."""


@dataclass(frozen=True)
class Rollout:
    """A version on its way to all traffic, from the state that the plan began with.

    shares: percent of the requests that it gets, one after the other; 100 for everything at once. dark: whether it is
    first started without requests and tried out. each: whether people are asked before each further share.
    value_must: whether the plan said that the business value is tested. home: whether it is in the default environment,
    of which the registry's aliases and the KPIs tell.
    """

    spec: ModelSpec
    traffic: TrafficState
    version: str
    stable: str
    previous: str | None
    shares: tuple[int, ...]
    kind: Literal["deploy", "retrain"]
    value_must: bool | None = None
    artifact: Artifact | None = None
    home: bool = True
    dark: bool = False
    each: bool = False

    @property
    def whole(self) -> bool:
        """Whether it gets everything at once, so that nothing is left to compare it with in the same minutes."""
        return self.shares == (100,)

    @property
    def service(self) -> ServiceRef:
        return self.traffic.service

    @property
    def model(self) -> str:
        return self.service.model

    @property
    def environment(self) -> str | None:
        """None in the default one."""
        return None if self.home else self.service.environment

    @property
    def called(self) -> str:
        """As people say it: "churn", "churn in staging"."""
        return spoken_service(self.model, self.environment)

    @property
    def there(self) -> str:
        """Behind a version: "", " in staging"."""
        return "" if self.home else f" in {self.service.environment}"

    @property
    def generation(self) -> str:
        return self.traffic.generation


class Released(Outputs):
    """A version that came to all traffic: what was judged, and which version had the traffic before."""

    model: str
    version: str
    previous: str
    verdict: Verdict


async def roll_out(run: Run, r: Rollout, *, proof: Callable[[], Awaitable[Verdict]] | None = None) -> Verdict:
    """Shifts traffic, judges, promotes and remembers; a failure or cancel in between restores the stable version.

    proof: what decides in the place of the last judgement, once no harm was seen.
    """
    before = await run.read(run.serving.snapshot, r.service)
    back = until_settled(run, run.serving.restore, within=RESTORED_WITHIN)
    async with run.undo(f"restore traffic: {r.called} {r.stable} 100%", back, r.service, before):
        arm = await arm_before(run, r.traffic, r.stable) if r.whole else None
        shifted = await _try_out(run, r) if r.dark else r.traffic
        for n in range(len(r.shares)):
            if n:
                await refuse_while_frozen(run, r.called)
            shifted = await _shift(run, r, n, guard=shifted.generation)
            verdict = await _judge(run, r, n, arm, more=proof is not None)
        if proof is not None:
            verdict = await proof()
            await refuse_while_frozen(run, r.called)
        everything = {r.version: 100}
        state = await run.step(
            "promote",
            until_settled(run, run.serving.promote),
            r.service,
            r.version,
            guard=shifted.generation,
            changes=[_promotion_line(r)],
            detail=lambda s: s.spoken(),
        )
        expect_weights(run, state, everything)
        if not r.home:
            await _note(run, r)
            return verdict
        async with run.undo(
            f"restore champion: {r.model} {r.stable}", run.registry.set_alias, r.model, "champion", r.stable
        ):
            await _remember(run, r)
    await _look_later(run, r)  # nothing is left to undo: a timer that cannot be set takes no release back
    return verdict


async def _try_out(run: Run, r: Rollout) -> TrafficState:
    """The version is up beside the stable one, nobody gets its answers yet, and it has answered what it was asked.

    Raises Regression when it does not answer well.
    """
    state = await run.step(
        f"start {r.version} without requests",
        until_settled(run, run.serving.set_canary),
        r.service,
        r.version,
        0,
        guard=r.generation,
        artifact=r.artifact,
        detail=lambda s: s.spoken(),
    )
    expect_weights(run, state, {r.stable: 100})
    tried = await run.step(
        f"try {r.version} out", run.serving.try_out, r.service, r.version, TRIED, detail=lambda t: t.spoken()
    )
    if not run.planning and (why := tried.against(r.spec.judge.limits, asked=TRIED)):
        raise Regression(
            f"{r.model} {r.version} did not answer well before it had any requests{r.there}.",
            f"{sentence(why)}",
            f"{r.stable} kept all traffic.",
        )
    return state


async def _shift(run: Run, r: Rollout, n: int, *, guard: str) -> TrafficState:
    """Gives it the share at place `n`."""
    before = {r.stable: 100} if n == 0 else _weights(r, r.shares[n - 1])
    after = _weights(r, r.shares[n])
    state = await run.step(
        "shift traffic" if n == 0 else f"shift traffic to {r.shares[n]}%",
        until_settled(run, run.serving.set_canary),
        r.service,
        r.version,
        r.shares[n],
        guard=guard,
        artifact=r.artifact,
        changes=[_traffic_line(r, _split(before), _split(after))],
        detail=lambda s: s.spoken(),
    )
    expect_weights(run, state, after)
    return state


async def _judge(run: Run, r: Rollout, n: int, before: ArmSample | None, *, more: bool) -> Verdict:
    """more: whether something else decides behind all shares."""
    of = len(r.shares) + more
    further = r.shares[n + 1] if r.each and n + 1 < len(r.shares) else None
    stage = Stage(number=n + 1, of=of, share=r.shares[n], further=further) if of > 1 else None
    return await held(run, r, r.shares[n], stage=stage, before=before)


async def held(
    run: Run, r: Rollout, percent: int, *, stage: Stage | None = None, before: ArmSample | None = None
) -> Verdict:
    """Judges the version while it has that share. Raises Regression or Undecided where it may not go on."""
    # With everything on the new version there is no stable arm left beside it: the hour before takes its place.
    share = None if r.whole else percent
    verdict = await run.judge(
        r.service, r.version, by=r.spec.judge, share=share, value_must=r.value_must, before=before, stage=stage
    )
    _require_verdict(run, r, verdict)
    return verdict


def _weights(r: Rollout, share: int) -> dict[str, int]:
    return {version: part for version, part in ((r.stable, 100 - share), (r.version, share)) if part}


def _split(weights: dict[str, int]) -> str:
    return ", ".join(f"{version} {share}%" for version, share in weights.items())


def _traffic_line(r: Rollout, before: str, after: str) -> DiffLine:
    return DiffLine(what=f"traffic of {r.called}", before=before, after=after)


def _promotion_line(r: Rollout) -> DiffLine:
    if r.whole:
        return DiffLine(what=f"stable version of {r.called}", before=r.stable, after=r.version)
    return _traffic_line(r, _split(_weights(r, r.shares[-1])), f"{r.version} 100%")


def expect_weights(run: Run, state: TrafficState, wanted: dict[str, int]) -> None:
    """Raises Conflict when the serving system reports other weights than were asked for."""
    if run.planning or state.weights == wanted:
        return
    asked = ", ".join(f"{version} {share}%" for version, share in wanted.items())
    raise Conflict(
        f"The traffic of {state.service.model} is not what was asked for.",
        f"Asked: {asked}; reported: {state.spoken()}.",
        f"Type `status {state.service.model}` to see it as it is now.",
    )


def _require_verdict(run: Run, r: Rollout, verdict: Verdict) -> None:
    if run.planning or verdict.ok:
        return
    reason = sentence(verdict.reason)
    card = failed_card(run, r.model, r.version, r.stable, verdict, registered=True)
    if verdict.outcome is Outcome.INCONCLUSIVE:
        what = f"{r.model} {r.version} was not promoted{r.there}, and nothing is known against it."
        answered = verdict.decided.startswith("rolled back")
        why = " ".join(filter(None, [reason, sentence(verdict.decided)]))
        raise Undecided(what, why, f"{r.stable} gets all traffic again.", answered=answered, card=card)
    harm = (
        f": harm in {listed(hurt)}" if (hurt := [c.name for c in verdict.checks if c.outcome is Outcome.FAILED]) else ""
    )
    word = {Outcome.FAILED: f"failed as a canary{harm}", Outcome.ERROR: "could not be measured"}[verdict.outcome]
    raise Regression(
        f"{r.model} {r.version} {word}{r.there}.", reason, f"{r.stable} gets all traffic again.", card=card
    )


async def _remember(run: Run, r: Rollout) -> None:
    await set_champion(run, r.model, r.version, r.stable, r.previous)
    await _note(run, r)


async def _note(run: Run, r: Rollout) -> None:
    await run.step("note the release", run.controls.record_release, r.called, r.version, r.stable, r.kind, run=run.id)


async def _look_later(run: Run, r: Rollout) -> None:
    if r.spec.labels.delay:
        await run.step(
            "look at the effect later",
            run.controls.look_at_effect,
            r.model,
            _after_the_labels(r.spec.labels.delay),
            run=run.id,
            conversation=run.conversation,
            detail=lambda made: f"on {made.begins:%-d %b}, when the labels of its first week are there",
        )


def _after_the_labels(delay: str) -> str:
    """A week of whole days is needed, and the labels of its last one."""
    return f"{(DAYS_NEEDED + 1) * 86_400 + duration_s(delay):.0f}s"


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


async def foresight(run: Run, spec: ModelSpec, traffic: TrafficState, stable: str, percent: int) -> Foresight | None:
    """What this rollout can show, for those who approve it; None in runs that were planned before it was said."""
    if not run.patched("2026-11 what a rollout can show"):
        return None
    return await what_it_can_show(run, traffic, stable, share=percent, judge=spec.judge)


def hold_words(spec: ModelSpec) -> str:
    """ "30 min" """
    return spoken_duration(duration_s(spec.judge.hold))


def released(run: Run, r: Rollout, verdict: Verdict, *, title: str, why: str = "") -> Released:
    """How a rollout ended well, for people and for programs. why: what decided, where it was no canary."""
    card = _success_card(run, r, verdict, title, why)
    return Released(card=card, model=r.model, version=r.version, previous=r.stable, verdict=verdict)


def _success_card(run: Run, r: Rollout, verdict: Verdict, title: str, why: str) -> Card:
    """Verdict with numbers, traffic now, what to say next."""
    if run.planning:
        return Card(title=title)
    line = (
        f"{r.model} {r.version} now gets all traffic{r.there}; before it was {r.stable}. {why or verdict_line(verdict)}"
    )
    return Card(
        title=title,
        tone="muted" if verdict.accepted else "success",
        summary=line,
        blocks=(Text(text=line), verdict_table(verdict)),
        buttons=(
            status_button(r.called),
            Button(label="Compare", command=f"compare {r.model} {r.stable} and {r.version}"),
            *((Button(label="Effect on KPIs", command=f"what did the last {r.model} release do?"),) if r.home else ()),
            Button(label="Roll back", command=f"roll back {r.called}", style="danger"),
        ),
        run_id=run.id,
    )
