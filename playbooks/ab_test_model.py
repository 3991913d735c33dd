"""Let two versions answer side by side for days; what their requests were worth decides."""

from datetime import timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    AbTest,
    BadInput,
    BuildOrder,
    Button,
    Card,
    KpiName,
    ModelSpec,
    Percent,
    Regression,
    Run,
    ServiceInputs,
    Stage,
    Text,
    UntilSlot,
    Verdict,
    Version,
    ab_verdict,
    compare_ab,
    playbook,
    spoken_end,
)
from playbooks._ab_test import EVERY, LEAST, MOST, STEP, can_show, ends_of, is_over, look, progress, require_value
from playbooks._builds import build_version
from playbooks._cards import (
    clock_now,
    known_model,
    sentence,
    status_button,
    success_title,
    verdict_table,
)
from playbooks._ready import refuse_while_frozen, require_registrable, steady_traffic, still_as_planned
from playbooks._rollout import REMIND, Released, Rollout, held, hold_words, previous_alias, released, roll_out
from playbooks._watch import arm_before

DEADLINE = "15d"


class AbTestModel(ServiceInputs):
    """Split the requests between two versions for days, and keep the one that is shown to bring more."""

    version: Version = Field(description="the version to test, such as v2")
    share: Percent = Field(50, description="percent of requests for it, at most 50")
    until: UntilSlot | None = Field(None, description="until when, such as for 14 days; a week if left out")
    metric: KpiName | None = Field(None, description="what decides, if it is not what a request is worth")


@playbook(title="A/B test a version", risk="change")
async def ab_test_model(run: Run, ask: AbTestModel) -> Released:
    spec = (await known_model(run, ask.model)).at(ask.environment)
    await refuse_while_frozen(run, ask.service)
    traffic, stable = await steady_traffic(run, ask.service)
    if ask.version == stable:
        raise BadInput(f"{ask.model} {ask.version} serves already, so there is nothing to hold it against.")
    if ask.share > 50:
        raise BadInput(
            f"{ask.share}% is too much for an A/B test: the version that is not known gets half at most.",
            do=f"Ask for example: ab test {ask.model} {ask.version} with 50%.",
        )
    span = await _span(run, ask)
    registered = await require_registrable(run, ask.model, ask.version)
    before = await arm_before(run, traffic, stable)
    metric = require_value(before, ask.model, ask.metric)
    await run.approve(
        _question(ask, spec, stable, metric, built=ask.version in registered, zone=run.time_zone),
        escalate=REMIND,
        undo=f"say `roll back {ask.service}`",
        foresight=can_show(before, stable, ask.share, span, ask.until),
    )
    await refuse_while_frozen(run, ask.service)
    await still_as_planned(run, traffic)
    order = BuildOrder(model=ask.model, version=ask.version, against=stable, pipeline=spec.pipeline)
    made = registered.get(ask.version) or await build_version(run, order, trained="trained")
    rollout = Rollout(
        spec,
        traffic,
        ask.version,
        stable,
        None if ask.environment else await previous_alias(run, ask.model),
        (ask.share,),
        "deploy",
        False,
        made.artifact,
        home=ask.environment is None,
    )
    verdict = await roll_out(run, rollout, proof=lambda: _tested(run, ask, rollout))
    title = success_title(ask.model, ask.version, f"better in its A/B test and released{ask.there}")
    return released(run, rollout, verdict, title=title, why="" if run.planning else sentence(verdict.reason))


async def _span(run: Run, ask: AbTestModel) -> timedelta:
    """How long it is to last. Raises BadInput for too short or too long."""
    now = await clock_now(run)
    span = ends_of(ask.until, now) - now
    if not LEAST <= span <= MOST:
        raise BadInput(
            "An A/B test lasts from an hour to 14 days.",
            "A shorter one shows nothing that a canary would not, of a longer one the first requests are forgotten.",
            f"Ask for example: ab test {ask.model} {ask.version} for 14 days.",
        )
    return span


def _question(ask: AbTestModel, spec: ModelSpec, stable: str, metric: str, *, built: bool, zone: str) -> str:
    first = "" if built else f"Build {ask.version} and test it against {stable}, then send"
    end = _end_words(ask, zone)
    return (
        f"{first or 'Send'} {ask.share}% of {ask.service} to {ask.version} ({stable} keeps {100 - ask.share}%) {end}, "
        f"if no harm is seen in the first {hold_words(spec)}, and everything when its {metric} a request is shown to "
        f"be more? Else {stable} gets everything again, at once when it is shown to be less."
    )


def _end_words(ask: AbTestModel, zone: str) -> str:
    if ask.until is None:
        return "for a week"
    return ask.until.label if ask.until.label.startswith("for ") else f"until {spoken_end(ask.until.at, zone)}"


async def _tested(run: Run, ask: AbTestModel, r: Rollout) -> Verdict:
    """The verdict of the test. Raises Regression for a version that brings less, Undecided where nothing is shown."""
    begins = await clock_now(run)
    test = AbTest(stable=r.stable, version=r.version, share=ask.share, begins=begins, ends=ends_of(ask.until, begins))
    sight = await run.until(
        STEP,
        look,
        run,
        r.service,
        test,
        r.spec.judge.limits,
        done=lambda seen: is_over(test, seen),
        detail=lambda seen: progress(test, seen),
        every=EVERY,
        deadline=DEADLINE,
    )
    last = Stage(number=2, of=2, share=ask.share)
    if run.planning:
        return await held(run, r, ask.share, stage=last)
    result = compare_ab(test, sight)
    verdict = ab_verdict(test, sight, result)
    await run.note_trial(r.model, r.version, "ab_test", verdict)
    if result.standing == "better":
        await held(run, r, ask.share, stage=last)  # what brings more has to rule harm out as any canary has
        return verdict
    card = _not_better(run, r, verdict)
    why = sentence(result.words)
    back = f"{r.stable} gets all traffic again."
    if result.standing == "worse":
        raise Regression(f"{r.model} {r.version} brings less than {r.stable}{r.there}.", why, back, card=card)
    what = f"{r.model} {r.version} was not shown to be better{r.there}, and nothing is known against it."
    raise Regression(what, why, back, card=card)


def _not_better(run: Run, r: Rollout, verdict: Verdict) -> Card:
    line = f"{sentence(verdict.reason)} {r.stable} gets all traffic again."
    pair = f"{r.model} {r.stable} and {r.version}"
    return Card(
        title=f"{r.model} {r.version} did not win its A/B test",
        tone="muted",
        summary=line,
        blocks=(Text(text=line), *((verdict_table(verdict),) if verdict.checks else ())),
        buttons=(
            status_button(r.called),
            Button(label=f"Compare {r.stable} and {r.version}", command=f"compare {pair}"),
        ),
        run_id=run.id,
    )
