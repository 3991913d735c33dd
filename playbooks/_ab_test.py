"""What an A/B test reads and says."""

from __future__ import annotations

from datetime import datetime, timedelta

from bizaiops_bot.playbook import (
    LOOK_EVERY,
    AbResult,
    AbSight,
    AbTest,
    ArmSample,
    BadInput,
    CanaryLimits,
    NoData,
    Outcome,
    Run,
    RunRecord,
    ServiceRef,
    Table,
    Until,
    assess_canary,
    compare_ab,
    guarded,
    quantities,
    smallest_difference,
    spoken_duration,
    spoken_service,
    stamp,
)
from playbooks._cards import listed
from playbooks._watch import arms

PLAYBOOK = "ab_test_model"
STEP = "A/B test"
USUAL = timedelta(days=7)
LEAST, MOST = timedelta(hours=1), timedelta(days=14)
EVERY = f"{LOOK_EVERY.total_seconds():.0f}s"


def ends_of(until: Until | None, begins: datetime) -> datetime:
    """A week where nobody said until when. "For 14 days" are 14 days of the test, whenever it was approved."""
    if until is None:
        return begins + USUAL
    said = [q.value for q in quantities(until.label) if q.unit == "s"] if until.label.startswith("for ") else []
    return begins + timedelta(seconds=said[0]) if len(said) == 1 else until.at


async def look(run: Run, service: ServiceRef, test: AbTest, limits: CanaryLimits) -> AbSight:
    """Both versions since the test began. Raises Temporary while a port is away."""
    traffic = await run.serving.traffic(service)
    at = run.clock.now()
    wanted = {name: share for name, share in ((test.stable, 100 - test.share), (test.version, test.share)) if share}
    if not traffic.paused and traffic.weights != wanted:
        return AbSight(at=at, changed=f"the traffic was changed meanwhile: it is {traffic.spoken()}")
    values = await run.outcomes.value(service, [test.stable, test.version], test.begins)
    found = await arms(run, traffic, test.begins)
    known = {} if isinstance(found, NoData) else {arm.version: arm for arm in found}
    guard = assess_canary(
        known.get(test.stable), known.get(test.version), guarded(limits, test), final=False, value_must=False
    )
    return AbSight(
        at=at,
        requests={version: arm.requests for version, arm in known.items()},
        values=() if isinstance(values, NoData) else tuple(values),
        unknown=str(values) if isinstance(values, NoData) else "",
        harm=guard.reason if guard.outcome is Outcome.FAILED else "",
    )


def is_over(test: AbTest, sight: AbSight) -> bool:
    """At its end, or as soon as it is shown to do harm, or cannot be compared any more."""
    return sight.at >= test.ends or compare_ab(test, sight).standing in ("worse", "invalid")


def progress(test: AbTest, sight: AbSight) -> str:
    """ "day 3 of 14: no difference is shown: …" """
    whole, passed = test.ends - test.begins, sight.at - test.begins
    left = spoken_duration(max(0.0, (test.ends - sight.at).total_seconds()))
    day = f"day {passed // _DAY + 1} of {-(-whole // _DAY)}, " if whole > _DAY else ""
    words = compare_ab(test, sight).words
    return f"{day}{left} left: {words}" if sight.at < test.ends else words


_DAY = timedelta(days=1)


def can_show(before: ArmSample | None, stable: str, share: int, span: timedelta, until: Until | None) -> str:
    """What a test of this length shows at this traffic."""
    found = None if before is None else smallest_difference(before, span.total_seconds() / 60.0, share)
    told = f"{share}% {'for a week' if until is None else until.label}"
    if before is None or found is None:
        return f"{told}: not known, as {stable} has too few labelled requests of the last hour"
    return f"{told} shows a difference of {found:.1%} of {before.value_name} or more in 80 of 100 tests"


def require_value(before: ArmSample | None, model: str, metric: str | None) -> str:
    """What decides. Raises BadInput where nobody knows what a request is worth, or another number is asked for."""
    name = before.value_name if before is not None else ""
    if not name:
        raise BadInput(
            f"Nothing can decide an A/B test of {model}.",
            "What its requests were worth is not known of the last hour.",
            f"Type `deploy {model}` with a version to let it hold as a canary instead.",
        )
    if metric is not None and metric.replace("_", " ").lower() != name.lower():
        raise BadInput(
            f"An A/B test of {model} cannot be decided by {metric.replace('_', ' ')}.",
            f"That is known day by day and not request by request; of a request, its {name} is known.",
            "Ask again without it to let that decide.",
        )
    return name


async def tests_of(run: Run, model: str | None, environment: str | None) -> list[RunRecord]:
    """The newest runs that are A/B tests, of one service, of one environment or of all."""
    service = None if model is None else spoken_service(model, environment)
    found = [r for r in await run.read(run.records.runs, model=service, limit=1000) if r.playbook == PLAYBOOK]
    return [r for r in found if environment in (None, r.inputs.get("environment"))]


async def running_test(run: Run, model: str | None, environment: str | None) -> RunRecord | None:
    """The A/B test that is under way, None for none. Raises BadInput where it may be one of several."""
    found = [r for r in await tests_of(run, model, environment) if not r.finished]
    if len(found) > 1:
        called = [spoken_service(str(r.inputs["model"]), r.inputs.get("environment")) for r in found]
        raise BadInput(
            f"{len(found)} A/B tests are under way: {listed(called)}.",
            do=f"Name one: `end the ab test of {called[0]}`, `how is the ab test of {called[0]} doing`.",
        )
    return next(iter(found), None)


def test_of(record: RunRecord, stable: str) -> AbTest | None:
    """The test of a run, once it has begun."""
    step = next((s for s in record.steps if s.name == STEP and s.started is not None), None)
    if step is None or step.started is None:
        return None
    until = record.inputs.get("until")
    ends = ends_of(Until.model_validate(until) if until else None, step.started)
    inputs = record.inputs
    return AbTest(stable=stable, version=inputs["version"], share=inputs["share"], begins=step.started, ends=ends)


def sides(test: AbTest, sight: AbSight, result: AbResult) -> Table:
    """One row a version."""
    means = result.means or (None, None)
    unit = f" {result.unit}" if result.unit else ""
    rows = [
        (
            name,
            f"{share}%",
            f"{sight.requests.get(name, 0):,}",
            f"{count:,}",
            "–" if mean is None else f"{mean:,.2f}{unit}",
        )
        for name, share, count, mean in zip(
            (test.stable, test.version), (100 - test.share, test.share), result.counts, means, strict=True
        )
    ]
    caption = f"Since {stamp(test.begins)}, until {stamp(test.ends)}"
    columns = ("Version", "Share", "Requests", "Labelled", f"{result.name} a request")
    return Table(columns=columns, rows=tuple(rows), align="lrrrr", caption=caption)
