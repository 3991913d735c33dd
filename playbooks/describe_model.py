"""What a model is: what it predicts from, on what it was trained and when, and its versions."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    DriftReport,
    Fields,
    Inputs,
    JudgeSpec,
    Kpi,
    ModelName,
    ModelSpec,
    ModelVersion,
    NoData,
    Release,
    Run,
    Table,
    TrafficState,
    playbook,
    stamp,
)
from playbooks._cards import age, clock_now, known_model, listed, metric_words, service_of
from playbooks._health import drift_now

MOST_VERSIONS = 8


class DescribeModel(Inputs):
    """Describe a model: the features it uses, on what it was trained and when, its versions, owner and KPIs."""

    model: ModelName = Field(description="the model")


@playbook(title="Describe a model", risk="read")
async def describe_model(run: Run, ask: DescribeModel) -> Card:
    info = await known_model(run, ask.model)
    service = await service_of(run, ask.model)
    now = await clock_now(run)
    traffic = await run.read(run.serving.traffic, service)
    versions = await run.read(run.registry.versions, ask.model)
    releases = await run.read(run.records.releases, ask.model, limit=50)
    kpis = [kpi for kpi in await run.read(run.warehouse.kpis) if kpi.model == ask.model]
    serving = next((v for v in versions if v.version == traffic.stable), None)
    features = _features(serving, await drift_now(run, ask.model))
    trained = _trained(serving, releases, now)
    facts = _facts(info, traffic, features, trained, kpis)
    blocks: list[Block] = [Fields(fields=facts)]
    if versions:
        blocks.append(_table(versions, traffic))
    blocks.append(Context(text="Metrics are those of held-out rows, at the version's gate."))
    return Card(
        title=f"{ask.model}: {info.title}",
        summary=f"{ask.model} ({info.title}) uses {features}. {trained}. It serves {traffic.spoken()}.",
        blocks=tuple(blocks),
        buttons=(
            Button(label=f"Status {ask.model}", command=f"status {ask.model}"),
            Button(label="History", command=f"history of {ask.model}"),
        ),
    )


def _facts(
    info: ModelSpec, traffic: TrafficState, features: str, trained: str, kpis: list[Kpi]
) -> tuple[tuple[str, str], ...]:
    return (
        ("Task", info.task),
        ("Owner", info.owner or "not named"),
        ("Serves", traffic.spoken()),
        ("Features", features),
        ("Trained", trained),
        ("KPIs", listed([kpi.title for kpi in kpis]) or "none"),
        *_told_of(info),
    )


def _told_of(info: ModelSpec) -> Iterator[tuple[str, str]]:
    """What the company's file says of it, as far as it does."""
    if own := info.judge.spoken():
        yield "Canaries", f"held {info.judge.hold}; {own}"
    elif info.judge.hold != JudgeSpec().hold:
        yield "Canaries", f"held {info.judge.hold}"
    labels = [f"after {info.labels.delay}" if info.labels.delay else "", info.labels.source]
    if any(labels):
        yield "Labels", ", from ".join(filter(None, labels))
    if info.registered_as:
        yield "In the registry", info.registered_as
    if info.pipeline:
        yield "Built by", info.pipeline
    if info.channel:
        yield "News go to", info.channel


def _features(serving: ModelVersion | None, report: DriftReport | NoData) -> str:
    """All that the version was trained with; of a version that does not tell, those that are watched for drift."""
    if serving is not None and serving.features:
        return f"{len(serving.features)} features: {', '.join(serving.features)}"
    if isinstance(report, NoData) or not report.features:
        return "features that are not known: the registry does not name them"
    watched = [feature.name for feature in report.features]
    return f"at least {len(watched)} features, those watched for drift: {', '.join(watched)}"


def _trained(serving: ModelVersion | None, releases: list[Release], now: datetime) -> str:
    """When and on what the serving version was trained, and the last retraining that was released."""
    again = next((release for release in releases if release.kind == "retrain"), None)
    last = (
        f"last retrained and released as {again.version} {stamp(again.at)} ({age(now, again.at)})"
        if again
        else "never retrained since the bot knows it"
    )
    if serving is None:
        return f"Training of the serving version is not in the registry; {last}"
    return f"{serving.version}: {serving.summary}, registered {stamp(serving.created)}; {last}"


def _table(versions: list[ModelVersion], traffic: TrafficState) -> Table:
    shown = list(reversed(versions))[:MOST_VERSIONS]
    rows = tuple(
        (v.version, f"{traffic.weights.get(v.version, 0)}%", stamp(v.created), v.summary, metric_words(v.metrics))
        for v in shown
    )
    more = len(versions) - len(shown)
    return Table(
        columns=("Version", "Traffic", "Registered", "Trained", "Metrics"),
        rows=rows,
        align="lrlll",
        caption="Versions, newest first" + (f"; {more} older ones are not shown" if more > 0 else ""),
    )
