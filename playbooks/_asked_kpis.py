"""Questions about money and days: the best day of a KPI, what a version brought, whether it paid."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.playbook import Button, Card, Inquiry, Kpi, KpiDay, Run, Table, amount, full_title
from playbooks._asked import LIMIT, answer, when_words
from playbooks._cards import clock_now, listed
from playbooks._kpis import MEMORY_DAYS, daily, model_kpis
from playbooks._words import local_day

MONEY = ("EUR", "USD", "GBP", "CHF", "€", "$", "£")


async def of_kpis(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is a KPI."""
    if ask.aggregate == "roi":
        return await _paid(run, ask)
    return await (_by_version(run, ask) if ask.aggregate == "amount" else _day(run, ask))


async def money_kpis(run: Run, model: str) -> list[Kpi]:
    """Those of the model that are counted in money."""
    return [k for k in await model_kpis(run, model, None) if k.unit.startswith(MONEY)]


async def _day(run: Run, ask: Inquiry) -> Card:
    """The best or the worst whole day; a day that is not whole yet does not count."""
    (kpi,) = await model_kpis(run, str(ask.model), ask.kpi)
    today = local_day(await clock_now(run), run.time_zone)
    start = local_day(ask.window.start, run.time_zone) if ask.window else today - timedelta(days=MEMORY_DAYS)
    end = local_day(ask.window.end - timedelta(microseconds=1), run.time_zone) if ask.window else today
    days = (await daily(run, [kpi], start, min(end, today), run.time_zone))[kpi.id]
    known = [(d.value, d) for d in days if d.complete and d.value is not None]
    of = f"whole days of {full_title(kpi)}{'' if ask.window else f', the last {MEMORY_DAYS} days'}"
    if not known:
        return answer(ask, run, f"No whole day of {kpi.title} has data{_within(ask)}", of=of, tone="muted")
    high = (ask.aggregate == "best") == (kpi.direction == "up_is_good")
    known.sort(key=lambda pair: pair[0], reverse=high)
    rows = tuple((f"{d.day:%a %-d %b}", amount(kpi, value)) for value, d in known[:5])
    said = f"{known[0][1].day:%a %-d %b}, {kpi.title} {amount(kpi, known[0][0])}"
    table = Table(
        columns=("Day", kpi.title), rows=rows, align="lr", caption=f"The five {ask.aggregate} days of {len(known)}"
    )
    return answer(ask, run, said, of=of, tables=(table,), buttons=_kpis(str(ask.model)))


def _within(ask: Inquiry) -> str:
    return f" {ask.window.label}" if ask.window else ""


async def _by_version(run: Run, ask: Inquiry) -> Card:
    """What was counted while the version answered, beside the others; of the same time, as far as they served then."""
    model, version = str(ask.model), ask.versions[0]
    releases = await run.read(run.records.releases, model, limit=LIMIT)
    first = next((r.at for r in reversed(releases) if r.version == version), None)
    since = ask.window.start if ask.window else first
    kpis = await money_kpis(run, model)
    of = f"KPIs in money by serving version, since {when_words(since)}"
    if since is None or not kpis:
        said = (
            f"{model} {version} was never released, so it brought nothing" if kpis else f"No KPI of {model} is in money"
        )
        return answer(ask, run, said, of="releases and KPI definitions", tone="muted")
    found = {k.id: await run.read(run.warehouse.by_version, k.id, since) for k in kpis}
    told = [(k, found[k.id].get(version)) for k in kpis]
    known = [(k, d.value) for k, d in told if d is not None and d.value is not None]
    if not known:
        said = f"Not enough data to tell what {model} {version} brought"
        return answer(ask, run, said, of=of, tone="muted", more="Outcomes are counted when their labels have arrived.")
    names = sorted({name for days in found.values() for name in days})
    rows = tuple((full_title(k), *(_cell(k, found[k.id].get(name)) for name in names)) for k in kpis)
    said = f"{model} {version}: " + ", ".join(f"{k.title} {amount(k, value)}" for k, value in known)
    more = "A rate says how a version does, not what the company earned in sum. Nobody was randomised: no proof."
    table = Table(columns=("KPI", *names), rows=rows, align="l" + "r" * len(names))
    effect = Button(label=f"Effect of the last {model} release", command=f"what did the last {model} release do?")
    return answer(ask, run, said, of=of, more=more, tables=(table,), buttons=(effect, *_kpis(model)))


def _cell(kpi: Kpi, day: KpiDay | None) -> str:
    return "no data" if day is None or day.value is None else amount(kpi, day.value)


async def _paid(run: Run, ask: Inquiry) -> Card:
    """What it brings is known where a KPI is in money; what it costs is in no source, so no ratio is made."""
    kpis = await money_kpis(run, str(ask.model))
    said = f"The return on {ask.model} cannot be told: what it costs to build and run is not known to me"
    brings = listed([full_title(k) for k in kpis]) or "no KPI of it is in money"
    more = f"Known in money: {brings}."
    return answer(ask, run, said, of="KPI definitions", more=more, tone="muted", buttons=_kpis(str(ask.model)))


def _kpis(model: str) -> tuple[Button, ...]:
    return (Button(label="KPIs", command=f"how did {model} do this week?"),)
