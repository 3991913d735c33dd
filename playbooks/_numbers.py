"""A word of the handbook in this company's own numbers, as they are now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    BotError,
    DriftReport,
    Fields,
    Kpi,
    ModelSpec,
    NoData,
    Run,
    amount,
    pooled,
    target_words,
)
from playbooks._cards import clock_now, metric_words
from playbooks._health import drift_now, drift_words, health_of, health_words, quality_of, quality_words, traffic_of
from playbooks._words import local_day

Numbers = tuple[tuple[str, str], ...]
_MODELS = 4
"""Models whose numbers stand beside a word; a company with more is sent to `list models`."""


async def numbers_of(run: Run, subject: str) -> Fields | None:
    """subject: a word ("psi") or a section ("explanation/drift-and-verdicts#drift"). None where it has no numbers, or
    they cannot be read now.
    """
    look = _LOOKS.get(subject.lower())
    if look is None:
        return None
    try:
        found = await look(run)
    except BotError:
        return None
    return Fields(fields=found) if found else None


async def kpi_now(run: Run, kpi: Kpi) -> Fields:
    """The last seven whole days of a KPI, and its target."""
    today = local_day(await clock_now(run), run.time_zone)
    start, end = today - timedelta(days=7), today - timedelta(days=1)
    days = await run.read(run.warehouse.daily, kpi.id, start, end, time_zone=run.time_zone)
    value = pooled(kpi, [day for day in days if day.complete])
    rows = [(f"{kpi.title}, last 7 days", amount(kpi, value) if value is not None else "no complete day with data")]
    if kpi.target is not None:
        rows.append(("Target", target_words(kpi, value)))
    return Fields(fields=tuple(rows))


async def _each(run: Run, tell: Callable[[Run, str], Awaitable[str]]) -> Numbers:
    models: list[ModelSpec] = await run.read(run.models.specs)
    return tuple([(f"{info.name} now", await tell(run, info.name)) for info in models[:_MODELS]])


async def _psi(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        report = await drift_now(run, model)
        if isinstance(report, NoData) or not report.features:
            return str(report) if isinstance(report, NoData) else "no columns are watched"
        return f"{_largest(report)}; {drift_words(report)}"

    return await _each(run, tell)


def _largest(report: DriftReport) -> str:
    most = max(report.features, key=lambda feature: feature.psi)
    return f"PSI at most {most.psi:.2f} ({most.name})"


async def _health(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        return health_words(await health_of(run, await traffic_of(run, model), HEALTH_MINUTES))

    return await _each(run, tell)


async def _traffic(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        return (await traffic_of(run, model)).spoken()

    return await _each(run, tell)


async def _replicas(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        return str((await traffic_of(run, model)).replicas)

    return await _each(run, tell)


async def _gate(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        stable = (await traffic_of(run, model)).stable
        known = [v for v in await run.read(run.registry.versions, model) if v.version == stable]
        return f"{stable}: {metric_words(known[0].metrics)}" if known else f"{stable or 'none'}, not measured"

    return await _each(run, tell)


async def _labels(run: Run) -> Numbers:
    async def tell(run: Run, model: str) -> str:
        return (
            quality_words(await quality_of(run, await traffic_of(run, model))) or "no labels for the last requests yet"
        )

    return await _each(run, tell)


async def _approvals(run: Run) -> Numbers:
    waiting = await run.read(run.records.approvals)
    return (("Waiting for a decision now", str(len(waiting)) if waiting else "nothing"),)


async def _frozen(run: Run) -> Numbers:
    return (("Now", await run.read(run.records.frozen) or "nothing is frozen"),)


async def _alerts(run: Run) -> Numbers:
    alerts = await run.read(run.records.alerts, open_only=True)
    return (("Open now", "; ".join(alert.title for alert in alerts[:4]) or "none"),)


async def _runs(run: Run) -> Numbers:
    runs = await run.read(run.records.runs, limit=1)
    return (("The newest", f"run {runs[0].id}, {runs[0].status}" if runs else "there was none yet"),)


_DRIFT = "explanation/drift-and-verdicts#drift"
_LOOKS: dict[str, Callable[[Run], Awaitable[Numbers]]] = {
    **dict.fromkeys(("psi", "drift", "covariate drift", _DRIFT), _psi),
    **dict.fromkeys(("concept drift", "label"), _labels),
    **dict.fromkeys(("latency", "p95", "explanation/drift-and-verdicts#health"), _health),
    **dict.fromkeys(("canary", "stable version"), _traffic),
    "replica": _replicas,
    **dict.fromkeys(("gate", "auc", "wape", "explanation/drift-and-verdicts#the-quality-gate"), _gate),
    **dict.fromkeys(("approval", "plan", "explanation/safety-and-approvals#who-decides"), _approvals),
    **dict.fromkeys(("freeze", "reference/policy#freeze-windows", "how-to/write-a-policy#3-a-freeze-window"), _frozen),
    "alert": _alerts,
    "run": _runs,
}
