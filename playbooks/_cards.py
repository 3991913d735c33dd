"""Words and numbers that cards share: looking names up, formatting values, small tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Check,
    Delegation,
    ModelSpec,
    NotFound,
    OpenGate,
    Outcome,
    Run,
    RunRecord,
    ServiceRef,
    Table,
    Verdict,
    in_order,
    spoken_duration,
    spoken_end,
    spoken_moment,
)

MARKS = {"successful": "✓ ok", "failed": "✗ failed", "inconclusive": "– not shown", "error": "! error"}
NOT_JUDGED = "– not judged"


async def clock_now(run: Run) -> datetime:
    """Now in the bot's clock, the same again after a restart."""

    async def tell() -> datetime:
        return run.clock.now()

    return await run.read(tell)


async def known_model(run: Run, name: str) -> ModelSpec:
    """The model called `name`. Raises NotFound with the nearest names."""
    models = await run.read(run.models.specs)
    for info in models:
        if info.name == name:
            return info
    raise NotFound("model", name, [info.name for info in models])


async def service_of(run: Run, model: str) -> ServiceRef:
    """What serves "churn" in the default environment, "churn in staging" in that one. Raises NotFound."""
    return await run.read(run.records.service, model)


async def known_versions(run: Run, model: str) -> list[str]:
    """Every version that is registered or can be built, oldest first in the registry's order."""
    registered = [v.version for v in await run.read(run.registry.versions, model)]
    buildable = [one.version for one in await run.read(run.pipelines.buildable, model)]
    return list(in_order(registered, buildable))


async def known_run(run: Run, number: int) -> RunRecord:
    """The run with that number. Raises BadInput naming the newest run."""
    newest = await run.read(run.records.runs, limit=1)
    if number > (newest[0].id if newest else 0):
        raise BadInput(
            f"There is no run {number}.",
            f"The newest is run {newest[0].id}." if newest else "Nothing has been run yet.",
            "Type `list runs`.",
        )
    return await run.read(run.records.run, number)


def metric_words(metrics: dict[str, float]) -> str:
    """ "auc 0.842, brier 0.101" """
    return ", ".join(f"{name} {value:.4g}" for name, value in sorted(metrics.items())) or "no metrics"


def age(now: datetime, when: datetime | None) -> str:
    """ "12 min ago", or "never"."""
    return "never" if when is None else f"{spoken_duration(max(0.0, (now - when).total_seconds()))} ago"


def _mark(check: Check) -> str:
    untested = check.outcome is Outcome.INCONCLUSIVE and not check.must
    return NOT_JUDGED if untested else MARKS[check.outcome.value]


def verdict_table(verdict: Verdict) -> Table:
    """The checks of a verdict with the numbers that decided them; those of a gate have no stable version beside."""
    if verdict.checks and not any(check.stable for check in verdict.checks):
        measured = tuple((c.name, c.canary, c.limit, _mark(c)) for c in verdict.checks)
        return Table(
            columns=("Check", "Measured", "Limit", "Outcome"), rows=measured, align="lrrl", caption="The quality gate"
        )
    rows = tuple((c.name, c.stable, c.canary, c.limit, _mark(c)) for c in verdict.checks)
    caption = f"{verdict.stable_requests:,} stable and {verdict.canary_requests:,} canary requests"
    return Table(columns=("Check", "Stable", "Canary", "Limit", "Outcome"), rows=rows, align="lrrrl", caption=caption)


def sentence(words: str) -> str:
    """With a capital and one full stop; v2 and p95 stay as they are."""
    words = words.strip().rstrip(".")
    return f"{words if words[1:2].isdigit() else words[:1].upper() + words[1:]}." if words else ""


def verdict_line(verdict: Verdict) -> str:
    """What let a version go on, for those who do not read the table."""
    shown = listed([c.name for c in verdict.checks if c.outcome is Outcome.SUCCESSFUL])
    if verdict.accepted or not shown:
        return f"{sentence(verdict.reason)} {sentence(verdict.decided)}".strip()
    line = f"{verdict.canary_requests:,} requests rule out harm beyond the limits in {shown}."
    untested = listed([c.name for c in verdict.checks if c.outcome is not Outcome.SUCCESSFUL])
    return f"{line} Not judged: {untested}." if untested else line


def listed(names: Sequence[str]) -> str:
    """ "a, b and c" """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def status_button(model: str) -> Button:
    """ "status churn" """
    return Button(label=f"Status {model}", command=f"status {model}")


def decision_buttons(record: RunRecord, gate: OpenGate) -> tuple[Button, ...]:
    """Approve and Reject of a waiting run, tied to the plan and the gate they decide on."""
    bind = {"run": str(record.id), "plan_hash": gate.plan_hash, "gate": gate.name}
    return (
        Button(label=f"Approve run {record.id}", command=f"approve run {record.id}", style="primary", bind=bind),
        Button(label=f"Reject run {record.id}", command=f"reject run {record.id}", style="danger", bind=bind),
    )


def inputs_words(record: RunRecord) -> str:
    """ "deploy model churn v2, canary 10%": what a run was asked to do; why is left to the run's own card."""
    given = {name: value for name, value in record.inputs.items() if value not in (None, "") and name != "reason"}
    subject = [record.playbook.replace("_", " "), *(str(given.pop(n)) for n in ("model", "version") if n in given)]
    return ", ".join([" ".join(subject), *(_said(name, value) for name, value in given.items())])


def _said(name: str, value: object) -> str:
    """ "canary 10%", "for 14 days" """
    if isinstance(value, dict) and "label" in value:
        return str(value["label"])
    return f"{name.replace('_', ' ')} {value}{'%' if name in ('canary', 'share') else ''}"


def success_title(model: str, version: str, verb: str) -> str:
    """ "churn v2 is deployed" """
    return f"{model} {version} is {verb}"


def delegation_span(made: Delegation, time_zone: str) -> str:
    """ "until Fri 6 Mar 18:00 (Europe/Berlin)", with when it begins where that is later."""
    end = f"until {spoken_end(made.until, time_zone)}"
    return end if made.begins is None else f"from {spoken_moment(made.begins, time_zone)} {end}"
