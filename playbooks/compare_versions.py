"""Two versions of a model side by side."""

from pydantic import Field

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    BadInput,
    Block,
    Button,
    Card,
    Context,
    HealthSample,
    Inputs,
    ModelName,
    ModelVersion,
    NoData,
    NotFound,
    Release,
    Run,
    Table,
    Text,
    TrafficState,
    Trial,
    Version,
    held_against,
    newer,
    pace_words,
    playbook,
    stamp,
    trial_words,
)
from playbooks._cards import known_model, known_versions
from playbooks._health import health_of, traffic_of
from playbooks._trials import checks_table, known_trials, leak, warning


class CompareVersions(Inputs):
    """Compare two versions: what they measured at the gate, live health, who released them when."""

    model: ModelName = Field(description="the model")
    version_a: Version = Field(description="the first version")
    version_b: Version = Field(description="the second version")


@playbook(title="Compare two versions", risk="read")
async def compare_versions(run: Run, ask: CompareVersions) -> Card:
    await known_model(run, ask.model)
    if ask.version_a == ask.version_b:
        raise BadInput(f"{ask.version_a} is the same as {ask.version_b}.", do="Name two versions.")
    known = await known_versions(run, ask.model)
    pair = await _pair(run, ask, known)
    traffic = await traffic_of(run, ask.model)
    health = await health_of(run, traffic, HEALTH_MINUTES)
    releases = await run.read(run.records.releases, ask.model, limit=50)
    trials = await known_trials(run, ask.model)
    versions = {v.version: v for v in sorted(pair, key=lambda v: known.index(v.version))}
    rows = (
        *_metric_rows(*pair),
        *_live_rows(pair, traffic, health),
        *_fact_rows(pair, releases),
        _trial_row(pair, trials),
    )
    warnings = _warnings(versions, traffic, trials)
    return Card(
        title=f"{ask.model}: {ask.version_a} and {ask.version_b}",
        summary=" ".join([*warnings, _summary(*pair)]),
        blocks=(
            *(Text(text=f"**{said}**") for said in warnings),
            Table(columns=("", ask.version_a, ask.version_b), rows=rows, align="lrr"),
            *_checks(pair, trials),
            Context(text="Metrics were measured on held-out rows at each version's gate."),
        ),
        buttons=_buttons(ask, traffic, trials, known),
    )


async def _pair(run: Run, ask: CompareVersions, known: list[str]) -> tuple[ModelVersion, ModelVersion]:
    registered = {v.version: v for v in await run.read(run.registry.versions, ask.model)}
    for version in (ask.version_a, ask.version_b):
        if version not in known:
            raise NotFound(f"{ask.model} version", version, known)
        if version not in registered:
            raise BadInput(
                f"{ask.model} {version} was never built, so nothing is measured yet.",
                do=f"Type `deploy {ask.model} {version}` to build and test it.",
            )
    return registered[ask.version_a], registered[ask.version_b]


def _metric_rows(a: ModelVersion, b: ModelVersion) -> list[tuple[str, ...]]:
    return [
        (f"{name} at the gate", _number(a.metrics.get(name)), _number(b.metrics.get(name)))
        for name in sorted({*a.metrics, *b.metrics})
    ]


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def _live_rows(
    pair: tuple[ModelVersion, ModelVersion], traffic: TrafficState, health: list[HealthSample] | NoData
) -> list[tuple[str, ...]]:
    samples = {} if isinstance(health, NoData) else {s.version: s for s in health}
    live = [samples.get(v.version) for v in pair]
    shares = ("traffic now", *(f"{traffic.weights.get(v.version, 0)}%" for v in pair))
    if not any(live):
        return [shares]
    return [
        shares,
        ("requests, 15 min", *(f"{s.requests:,}" if s else "–" for s in live)),
        ("errors, 15 min", *(f"{s.error_rate:.2%}" if s else "–" for s in live)),
        ("p95, 15 min", *(pace_words(s.latency_p95_ms) if s else "–" for s in live)),
    ]


def _fact_rows(pair: tuple[ModelVersion, ModelVersion], releases: list[Release]) -> list[tuple[str, ...]]:
    by_version = {r.version: r for r in reversed(releases)}
    last = [by_version.get(v.version) for v in pair]
    return [
        ("built", *(stamp(v.created) for v in pair)),
        ("last released by", *(f"{r.actor}, {stamp(r.at)}" if r else "never released" for r in last)),
        ("what it is", *(v.summary or "–" for v in pair)),
        ("aliases", *(", ".join(v.aliases) or "–" for v in pair)),
    ]


def _trial_row(pair: tuple[ModelVersion, ModelVersion], trials: list[Trial]) -> tuple[str, ...]:
    return ("when tried", *(_tried(trials, v.version) for v in pair))


def _tried(trials: list[Trial], version: str) -> str:
    live = next((t for t in trials if t.version == version and t.kind != "gate"), None)
    return "not tried on live traffic" if live is None else trial_words(live, why=not live.ok)


def _checks(pair: tuple[ModelVersion, ModelVersion], trials: list[Trial]) -> tuple[Block, ...]:
    """The numbers that decided against a version."""
    against = [held_against(trials, v.version) for v in pair]
    return tuple(checks_table(trial) for trial in against if trial is not None and trial.checks)


def _warnings(versions: dict[str, ModelVersion], traffic: TrafficState, trials: list[Trial]) -> list[str]:
    """What is held against either, and a gate that is too good beside the other one's. versions: the older first."""
    older, later = versions
    beside = older if traffic.stable not in versions else str(traffic.stable)
    other = later if beside == older else older
    said = [warning(trials, version) for version in versions]
    return [text for text in (*said, leak(versions, other, beside)) if text]


def _summary(a: ModelVersion, b: ModelVersion) -> str:
    shared = sorted(set(a.metrics) & set(b.metrics))
    said = ", ".join(f"{name} {a.metrics[name]:.4g} and {b.metrics[name]:.4g}" for name in shared)
    return f"{a.model} {a.version} and {b.version} at the gate: {said or 'no common metric'}."


def _buttons(ask: CompareVersions, traffic: TrafficState, trials: list[Trial], known: list[str]) -> tuple[Button, ...]:
    """A version that has failed is not offered; the run in which it did is."""
    idle = [v for v in (ask.version_a, ask.version_b) if not traffic.weights.get(v)]
    later = [v for v in idle if traffic.stable is None or newer(v, traffic.stable, known)]
    against = {v: held_against(trials, v) for v in (ask.version_a, ask.version_b)}
    deploy = tuple(
        Button(label=f"Deploy {v} as a 10% canary", command=f"deploy {ask.model} {v} as a 10% canary")
        for v in later[-1:]
        if against[v] is None
    )
    shown = tuple(
        Button(label=f"Show run {t.run}, {t.version}", command=f"show run {t.run}")
        for t in against.values()
        if t and t.run
    )
    return (*deploy, *shown, Button(label="History", command=f"history of {ask.model}"))
