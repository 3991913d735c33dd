"""Questions about models as they are now: which is worst, is all well, how do they compare, what goes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    Alert,
    Card,
    DriftReport,
    HealthSample,
    HealthVerdict,
    Inquiry,
    ModelSpec,
    NoData,
    Run,
    Table,
    Tone,
    TrafficState,
    assess_health,
)
from playbooks._asked import answer, known_names
from playbooks._cards import known_model, listed, metric_words, status_button
from playbooks._health import drift_now, drift_words, health_of, quality_of, quality_words, traffic_of

OF = f"health and drift of the last {HEALTH_MINUTES:.0f} min, traffic and open alerts"
BAD = {"failing": 3, "degraded": 2, "no_data": 1, "ok": 0}
WELL = {"ok": "healthy", "degraded": "slow", "failing": "failing", "no_data": "health not known"}


@dataclass(frozen=True)
class Seen:
    """One model now."""

    info: ModelSpec
    traffic: TrafficState
    health: list[HealthSample] | NoData
    drift: DriftReport | NoData
    alerts: tuple[Alert, ...]

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def verdict(self) -> HealthVerdict:
        return assess_health(self.health, self.info.limits)

    @property
    def samples(self) -> list[HealthSample]:
        return [] if isinstance(self.health, NoData) else self.health

    @property
    def problems(self) -> list[str]:
        """What is not as it should be; what is not known is a problem too."""
        found = ["it is paused"] if self.traffic.paused else []
        found += [f"alert {a.shown_as} is open: {a.title.removeprefix(f'{self.name} ')}" for a in self.alerts]
        if self.verdict.state != "ok" and not self.traffic.paused:
            found.append(f"{WELL[self.verdict.state]}: {self.verdict.reason}")
        if isinstance(self.drift, NoData):
            found += [] if self.traffic.paused else ["drift is not known"]
        elif self.drift.drifted or self.drift.missing:
            found.append(drift_words(self.drift))
        return found

    @property
    def rank(self) -> tuple[float, ...]:
        """How bad it is, worst highest: paused or failing, open alerts, errors, latency, drift."""
        return (
            3.0 if self.traffic.paused else BAD[self.verdict.state],
            len(self.alerts),
            self.errors or 0.0,
            self.strongest or 0.0,
            self.latency or 0.0,
        )

    @property
    def requests(self) -> float | None:
        return float(sum(s.requests for s in self.samples)) if self.samples else None

    @property
    def errors(self) -> float | None:
        asked = sum(s.requests for s in self.samples)
        return sum(s.errors for s in self.samples) / asked if asked else None

    @property
    def latency(self) -> float | None:
        return max((s.latency_p95_ms for s in self.samples if s.latency_p95_ms is not None), default=None)

    @property
    def strongest(self) -> float | None:
        """The strongest drift of a column, as PSI."""
        return None if isinstance(self.drift, NoData) else max((f.psi for f in self.drift.features), default=None)


MEASURES: dict[str, tuple[str, Callable[[Seen], float | None], Callable[[float], str]]] = {
    "errors": ("error rate", lambda s: s.errors, "{:.2%}".format),
    "latency": ("p95", lambda s: s.latency, "{:.0f} ms".format),
    "requests": ("requests", lambda s: s.requests, "{:,.0f}".format),
    "drift": ("strongest drift, PSI", lambda s: s.strongest, "{:.2f}".format),
}


async def of_models(run: Run, ask: Inquiry) -> Card:
    """Every question whose subject is a model."""
    if ask.measure == "features":
        return await _features(run, ask)
    if ask.measure == "quality":
        return await _quality(run, ask)
    if ask.aggregate == "who":
        info = await known_model(run, str(ask.model))
        return answer(ask, run, info.owner or f"No owner of {info.name} is named", of="the catalogue of models")
    seen = [await look(run, name) for name in await known_names(run, ask)]
    if not seen:
        return answer(ask, run, "No model is served", of=OF, tone="muted")
    return _state(run, ask, seen) if ask.aggregate == "state" else _ranked(run, ask, seen)


async def look(run: Run, model: str) -> Seen:
    """Reads all that is known of the model now."""
    traffic = await traffic_of(run, model)
    return Seen(
        await known_model(run, model),
        traffic,
        await health_of(run, traffic, HEALTH_MINUTES),
        await drift_now(run, model),
        tuple(await run.read(run.records.alerts, model=model, open_only=True)),
    )


def models_table(seen: list[Seen]) -> Table:
    """One row a model, all measures."""
    columns = (
        "Model",
        "Traffic",
        "Health",
        "Open alerts",
        *(title[0].upper() + title[1:] for title, _, _ in MEASURES.values()),
    )
    rows = tuple(
        (
            s.name,
            s.traffic.spoken(),
            "paused" if s.traffic.paused else WELL[s.verdict.state],
            str(len(s.alerts)),
            *(_number(value(s), spell) for _, value, spell in MEASURES.values()),
        )
        for s in seen
    )
    return Table(columns=columns, rows=rows, align="lllrrrrr")


def _number(value: float | None, spell: Callable[[float], str]) -> str:
    return "no data" if value is None else spell(value)


def _ranked(run: Run, ask: Inquiry, seen: list[Seen]) -> Card:
    """Worst first, or best first; by one measure, or by all."""
    buttons = tuple(status_button(s.name) for s in seen[:3])
    if ask.measure not in MEASURES:
        ranked = sorted(seen, key=lambda s: s.rank, reverse=ask.aggregate != "best")
        return _overall(run, ask, ranked)
    title, value, spell = MEASURES[ask.measure]
    known = [(s, v) for s in seen if (v := value(s)) is not None]
    unknown = [s.name for s in seen if value(s) is None]
    if not known:
        return answer(ask, run, f"No model has data for its {title}", of=OF, tables=(models_table(seen),), tone="muted")
    high_first = ask.measure == "requests" if ask.aggregate == "best" else ask.aggregate in ("worst", "compare")
    known.sort(key=lambda pair: pair[1], reverse=high_first)
    said = f"{known[0][0].name}, {title} {spell(known[0][1])}"
    if ask.aggregate == "compare":
        said = f"{title[0].upper()}{title[1:]}: " + ", ".join(f"{s.name} {spell(v)}" for s, v in known)
    rest = "; ".join(f"{s.name} {spell(v)}" for s, v in known[1:])
    more = " ".join(
        part for part in (f"{rest}." if rest else "", f"No data: {listed(unknown)}." if unknown else "") if part
    )
    ordered = [s for s, _ in known] + [s for s in seen if s.name in unknown]
    return answer(ask, run, said, of=OF, more=more, tables=(models_table(ordered),), buttons=buttons)


def _overall(run: Run, ask: Inquiry, ranked: list[Seen]) -> Card:
    first = ranked[0]
    said = f"{first.name}: {'; '.join(first.problems[:2]) or 'nothing wrong is known'}"
    tone: Tone = "warning" if first.problems else "success"
    if ask.aggregate == "worst" and not any(s.problems for s in ranked):
        said = f"None: nothing wrong is known of {listed([s.name for s in ranked])}"
    if ask.aggregate == "compare":
        said = "; ".join(f"{s.name}: {WELL[s.verdict.state]}, {len(s.alerts)} open alerts" for s in ranked)
        tone = "info"
    more = "; ".join(f"{s.name}: {s.problems[0] if s.problems else 'nothing wrong is known'}" for s in ranked[1:])
    more = f"{more}. Ranked by health, open alerts, errors, drift, p95." if more else ""
    buttons = tuple(status_button(s.name) for s in ranked[:3])
    return answer(ask, run, said, of=OF, more=more, tables=(models_table(ranked),), tone=tone, buttons=buttons)


def _state(run: Run, ask: Inquiry, seen: list[Seen]) -> Card:
    """Yes, no, or that it cannot be told."""
    if ask.measure == "requests":
        return _traffic(run, ask, seen)
    bad = [f"{s.name}: {'; '.join(s.problems)}" for s in seen if s.problems]
    blind = [s.name for s in seen if s.verdict.state == "no_data" and not s.traffic.paused]
    surely = [s for s in seen if s.alerts or s.traffic.paused or s.verdict.state in ("failing", "degraded")]
    names = listed([s.name for s in seen])
    if not bad:
        said, tone = f"Yes: {names} {'is' if len(seen) == 1 else 'are'} healthy, no alert is open, no drift", "success"
    elif blind and not surely:
        said, tone = f"Not enough data to tell for {listed(blind)}", "warning"
    else:
        said, tone = f"No: {'; '.join(bad)}", "danger"
    buttons = tuple(status_button(s.name) for s in seen if s.problems)[:3]
    more = _served(seen)
    return answer(ask, run, said, of=OF, more=more, tables=(models_table(seen),), tone=tone, buttons=buttons)  # type: ignore[arg-type]


def _served(seen: list[Seen]) -> str:
    return "; ".join(f"{s.name} serves {s.traffic.spoken()}" for s in seen) + "."


def _traffic(run: Run, ask: Inquiry, seen: list[Seen]) -> Card:
    """Whether requests are served, by which versions, how many."""
    dark = [s.name for s in seen if s.traffic.paused or not s.traffic.weights]
    blind = [s.name for s in seen if s.requests is None and s.name not in dark]
    lines = [
        f"{s.name} serves {s.traffic.spoken()}"
        + ("" if s.requests is None else f", {s.requests / HEALTH_MINUTES:,.0f} requests a minute")
        for s in seen
    ]
    said = f"No: {listed(dark)} gets no traffic" if dark else f"Yes: {'; '.join(lines)}"
    said = f"Not enough data to tell: no requests are on record for {listed(blind)}" if blind and not dark else said
    tone: Tone = "danger" if dark else "warning" if blind else "success"
    return answer(ask, run, said, of=OF, more=f"{'; '.join(lines)}.", tables=(models_table(seen),), tone=tone)


async def _features(run: Run, ask: Inquiry) -> Card:
    """The columns as the live version's drift is watched: those it was trained on."""
    await known_model(run, str(ask.model))
    report = await drift_now(run, str(ask.model))
    if isinstance(report, NoData):
        said = f"The columns of {ask.model} are not known now"
        more = f"They are read from live rows, and there is {report}."
        return answer(ask, run, said, of="live rows", more=more, tone="muted")
    names = [f.name for f in report.features]
    rows = tuple((f.name, f.kind, f"{f.psi:.2f}", f"{f.missing_share:.1%}") for f in report.features)
    table = Table(columns=("Column", "Kind", "Drift now, PSI", "Missing"), rows=rows, align="llrr")
    said = f"{ask.model} {report.version} uses {len(names)} columns"
    of = f"{report.rows:,} live rows of {ask.model} {report.version}, beside those it was trained on"
    return answer(
        ask, run, said, of=of, more=f"{listed(names)}.", tables=(table,), buttons=(status_button(str(ask.model)),)
    )


async def _quality(run: Run, ask: Inquiry) -> Card:
    """On late labels where there are enough, beside what the gate measured on held-out rows."""
    model = str(ask.model)
    traffic = await traffic_of(run, model)
    gate = next((v for v in await run.read(run.registry.versions, model) if v.version == traffic.stable), None)
    live = quality_words(await quality_of(run, traffic))
    at_gate = metric_words(gate.metrics) if gate else "not measured"
    said = (
        f"{model} {traffic.stable or ''} on live labels: {live}"
        if live
        else f"{model} {traffic.stable or ''}: {at_gate} at its gate"
    )
    more = f"At its gate: {at_gate}." if live else "Not enough labels have arrived to tell how good it is live."
    of = "late labels of live rows, and held-out rows at the gate"
    return answer(ask, run, said, of=of, more=more, buttons=(status_button(model),))
