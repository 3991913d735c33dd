"""Words and numbers that cards share: looking names up, formatting values, small tables."""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Kpi,
    ModelInfo,
    NotFound,
    Run,
    RunRecord,
    Table,
    Verdict,
    spoken_duration,
)

MARKS = {"successful": "✓ ok", "failed": "✗ failed", "inconclusive": "? unclear", "error": "! error"}


async def clock_now(run: Run) -> datetime:
    """Now in the bot's clock, the same again after a restart."""

    async def tell() -> datetime:
        return run.clock.now()

    return await run.read(tell)


async def known_model(run: Run, name: str) -> ModelInfo:
    """The model called `name`. Raises NotFound with the nearest names."""
    models = await run.read(run.serving.models)
    for info in models:
        if info.name == name:
            return info
    raise NotFound("model", name, [info.name for info in models])


async def known_versions(run: Run, model: str) -> list[str]:
    """Every version that is registered or can be built, oldest first."""
    registered = [v.version for v in await run.read(run.registry.versions, model)]
    buildable = [c.version for c in await run.read(run.pipelines.candidates, model)]
    return sorted({*registered, *buildable}, key=number_of)


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


def number_of(version: str) -> int:
    """7 of "v7"; 0 when it is not a number."""
    digits = version.removeprefix("v")
    return int(digits) if digits.isdigit() else 0


def amount(kpi: Kpi, value: float | None) -> str:
    """A KPI value with its whole unit, "EUR 1,234 per 1,000 customers" or "4.2%"; "no data" for None."""
    money, rest = _unit(kpi)
    return f"{short_amount(kpi, value)} {rest}" if money and rest and value is not None else short_amount(kpi, value)


def short_amount(kpi: Kpi, value: float | None) -> str:
    """As `amount`, without what money is counted per: `full_title` says that once for a whole row."""
    if value is None:
        return "no data"
    money, rest = _unit(kpi)
    # Cents of thousands say nothing to a reader.
    number = f"{value:,.{0 if money and abs(value) >= 100 else kpi.decimals}f}"
    if money:
        return f"EUR {number}"
    return f"{number}%" if rest == "%" else f"{number} {rest}".strip()


def full_title(kpi: Kpi) -> str:
    """ "Retention cost per 1,000 customers" """
    money, rest = _unit(kpi)
    return f"{kpi.title} {rest}" if money and rest else kpi.title


def _unit(kpi: Kpi) -> tuple[bool, str]:
    """Whether the KPI is money, and what remains of its unit."""
    money = kpi.unit.startswith("EUR")
    return money, kpi.unit.removeprefix("EUR").strip() if money else kpi.unit


def change_words(kpi: Kpi, change: float | None) -> str:
    """A relative change with the direction that counts: "▲ 12.0% worse", "= no change", "no comparison"."""
    if change is None:
        return "no comparison"
    if abs(change) < 0.0005:
        return "= no change"
    good = (change > 0) == (kpi.direction == "up_is_good")
    return f"{'▲' if change > 0 else '▼'} {abs(change):.1%} {'better' if good else 'worse'}"


def metric_words(metrics: dict[str, float]) -> str:
    """ "auc 0.842, brier 0.101" """
    return ", ".join(f"{name} {value:.4g}" for name, value in sorted(metrics.items())) or "no metrics"


def age(now: datetime, when: datetime | None) -> str:
    """ "12 min ago", or "never"."""
    return "never" if when is None else f"{spoken_duration(max(0.0, (now - when).total_seconds()))} ago"


def verdict_table(verdict: Verdict) -> Table:
    """The checks of a verdict with the numbers that decided them."""
    rows = tuple((c.name, c.stable, c.canary, c.limit, MARKS[c.outcome.value]) for c in verdict.checks)
    caption = f"{verdict.stable_requests:,} stable and {verdict.canary_requests:,} canary requests"
    return Table(columns=("Check", "Stable", "Canary", "Limit", "Outcome"), rows=rows, align="lrrrl", caption=caption)


def status_button(model: str) -> Button:
    """ "status churn" """
    return Button(label=f"Status {model}", command=f"status {model}")


def decision_buttons(record: RunRecord) -> tuple[Button, ...]:
    """Approve and Reject of a waiting run, tied to the plan they decide on."""
    bind = {"run": str(record.id), "plan_hash": record.plan.hash}
    return (
        Button(label=f"Approve run {record.id}", command=f"approve run {record.id}", style="primary", bind=bind),
        Button(label=f"Reject run {record.id}", command=f"reject run {record.id}", style="danger", bind=bind),
    )


def inputs_words(record: RunRecord) -> str:
    """ "deploy model churn v2, canary 10%": what a run was asked to do; why is left to the run's own card."""
    given = {name: str(value) for name, value in record.inputs.items() if value not in (None, "") and name != "reason"}
    given |= {"canary": f"{given['canary']}%"} if "canary" in given else {}
    subject = [record.playbook.replace("_", " "), *(given.pop(n) for n in ("model", "version") if n in given)]
    return ", ".join([" ".join(subject), *(f"{name.replace('_', ' ')} {value}" for name, value in given.items())])


def success_title(model: str, version: str, verb: str) -> str:
    """ "churn v2 is deployed" """
    return f"{model} {version} is {verb}"
