"""Looking at one model from every side, and the card of what was found."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.playbook import (
    LOOK_BACK,
    POINTS,
    WATCH_MINUTES,
    Block,
    Button,
    Card,
    Chart,
    Context,
    Diagnosis,
    Evidence,
    Fields,
    Look,
    Mark,
    ModelSpec,
    NoData,
    Run,
    Said,
    Series,
    SeriesData,
    Table,
    Text,
    Tone,
    changes,
    stamp,
)
from playbooks._cards import clock_now, service_of
from playbooks._health import drift_now, health_of, quality_of, release_marks, traffic_of

# Three minutes, as the watch looks: a longer window would water down what has just begun.
UNFINISHED = frozenset({"waiting", "running"})
CHARTS = {
    "latency": ("latency", "p95 latency"),
    "errors": ("errors", "error rate"),
    "nothing": ("latency", "p95 latency"),
}
TONES: dict[str, Tone] = {"nothing": "success", "unknown": "info", "errors": "danger", "latency": "danger"}
FINDING_CHARS = 300


async def evidence(run: Run, info: ModelSpec) -> Evidence:
    """Every look at the model. What a port has no answer for is kept as such."""
    now, model = await clock_now(run), info.name
    traffic = await traffic_of(run, model)
    health = await health_of(run, traffic, WATCH_MINUTES)
    latency = await _series(run, model, "latency_p95_ms")
    errors = await _series(run, model, "error_rate")
    load = await _series(run, model, "requests_per_minute")
    runs = await run.read(run.records.runs, model=model, limit=20)
    return Evidence(
        model=model,
        limits=info.limits,
        now=now,
        health=health if isinstance(health, NoData) else tuple(health),
        latency=latency,
        errors=errors,
        load=load,
        traffic=traffic,
        releases=tuple(await run.read(run.records.releases, model, limit=5)),
        alerts=tuple(await run.read(run.records.alerts, model=model, open_only=True)),
        report=await drift_now(run, model),
        labels=await quality_of(run, traffic),
        runs=tuple(record for record in runs if record.status in UNFINISHED),
        changes=changes(runs, traffic),
        trials=tuple(await run.read(run.records.trials, model)),
    )


async def _series(run: Run, model: str, metric: str) -> SeriesData | NoData:
    now = await clock_now(run)
    return await run.read(run.metrics.series, await service_of(run, model), metric, now - LOOK_BACK, now, POINTS)


def investigation_card(seen: Evidence, found: Diagnosis, said: Said) -> Card:
    """The answer, its cause, what was looked at, a picture, and what one may say next."""
    blocks: list[Block] = [Text(text=said.text)]
    if facts := _facts(found, worded=said.source != "template"):
        blocks.append(Fields(fields=facts))
    if chart := _chart(seen, found):
        blocks.append(chart)
    blocks.append(looks_table("What I looked at", found.looks))
    if said.looks:
        blocks.append(looks_table("What the language model looked at", said.looks))
    if found.worst.say:
        blocks.append(Text(text=f"You may say next: `{found.worst.say}`. Nothing was changed."))
    blocks.append(Context(text=f"{said.note} Read {stamp(seen.now)}.".strip()))
    return Card(
        title=found.title,
        tone=TONES.get(found.worst.kind, "warning"),
        summary=said.text,
        blocks=tuple(blocks),
        buttons=_buttons(seen),
    )


def looks_table(caption: str, looks: tuple[Look, ...]) -> Table:
    """Question and finding."""
    rows = tuple((look.question, _short(look.finding)) for look in looks)
    return Table(columns=("Question", "Finding"), rows=rows, align="ll", caption=caption)


def _short(text: str) -> str:
    return text if len(text) <= FINDING_CHARS else text[: FINDING_CHARS - 1] + "…"


def _facts(found: Diagnosis, *, worded: bool) -> tuple[tuple[str, str], ...]:
    """The decision by rules: it stands also when a language model has put the answer into words.

    worded: the card's text is not the rules' own, so what they found stands beside it.
    """
    worst = found.worst
    facts = [("Rules find", f"{worst.what} {worst.because}".strip())] if worded else []
    if worst.since is not None:
        facts.append(("Began", f"{stamp(worst.since)} (estimated)"))
    if len(found.causes) > 1:
        facts.append(("Also", "; ".join(cause.what for cause in found.causes[1:])))
    return tuple(facts)


def _chart(seen: Evidence, found: Diagnosis) -> Chart | None:
    which, name = CHARTS.get(found.worst.kind, ("", ""))
    data = {"latency": seen.latency, "errors": seen.errors}.get(which)
    if data is None or isinstance(data, NoData):
        return None
    data = data.spoken()
    marks = list(release_marks(data, seen.releases))
    since = found.worst.since
    if since is not None and (place := data.place(since + timedelta(seconds=1))) is not None:
        marks.append(Mark(at=place, label="began", kind="fault", when=f"{since:%H:%M}"))
    return Chart(
        title=f"{seen.model}: {name}, last 2 hours",
        x=tuple(f"{t:%H:%M}" for t in data.times),
        series=(Series(name=name, values=data.values),),
        unit=data.unit,
        marks=tuple(marks),
    )


def _buttons(seen: Evidence) -> tuple[Button, ...]:
    """Only what reads: a change is said by a person."""
    model = seen.model
    buttons = [
        Button(label=f"Status {model}", command=f"status {model}"),
        Button(label="History", command=f"history of {model}"),
    ]
    if seen.alerts:
        buttons.append(Button(label="Alerts", command=f"list alerts of {model}"))
    buttons += [Button(label=f"Show run {r.id}", command=f"show run {r.id}") for r in seen.runs[:1]]
    return tuple(buttons)
