"""The limits of alerts and canaries: what they are now, where they are set, who may."""

from collections.abc import Callable

from pydantic import Field

from bizaiops_bot.playbook import (
    Button,
    CanaryLimits,
    Card,
    Context,
    DriftLimits,
    HealthLimits,
    HealthSample,
    Inputs,
    Link,
    Links,
    ModelName,
    NoData,
    Run,
    Table,
    Text,
    playbook,
)
from playbooks._cards import known_model
from playbooks._health import HEALTH_MINUTES, drift_now

HEALTH, DRIFT, CANARY = HealthLimits(), DriftLimits(), CanaryLimits()
FIXED = (
    "These limits are the same for every model. They stand in the bot's code and cannot be set by chat or in the "
    "settings yet, so nothing was changed. Who runs the bot may change them there, at a start."
)
SOURCE = Links(
    links=(
        Link(label="Handbook: health", to="/handbook/explanation/drift-and-verdicts#health"),
        Link(label="Handbook: who is told", to="/handbook/how-to/say-where-news-go#1-rules"),
    )
)


class ShowLimits(Inputs):
    """Show from where on there is an alert, or a canary fails, with the values of now; nothing is changed."""

    model: ModelName | None = Field(None, description="the model whose values of now stand beside the limits")


@playbook(title="Show the limits of alerts", risk="read")
async def show_limits(run: Run, ask: ShowLimits) -> Card:
    now = {"errors": "", "latency": "", "drift": "", "missing": ""}
    if ask.model is not None:
        await known_model(run, ask.model)
        now = await _now(run, ask.model)
    rows = [
        ("errors", "Error rate", f"surely above {HEALTH.error_rate:.1%}", f"over at {HEALTH.error_rate_exit:.1%}"),
        (
            "latency", "Latency p95", f"above {HEALTH.latency_p95_ms:.0f} ms, or {HEALTH.baseline_ratio:g} x usual",
            f"over at {HEALTH.latency_exit_share:.0%} of it",
        ),
        ("drift", "Drift of a column", f"PSI from {DRIFT.psi:g}, and sure", f"{DRIFT.min_rows} rows needed"),
        ("missing", "Missing values", f"{DRIFT.missing_points:.0%} more than at training", ""),
    ]  # fmt: skip
    columns = ("What", "Alert", "And", *((f"{ask.model} now",) if ask.model else ()))
    table = Table(
        columns=columns,
        rows=tuple((title, limit, more, *((now[key],) if ask.model else ())) for key, title, limit, more in rows),
        caption="From where on there is an alert",
    )
    said = "; ".join(f"{title}: {limit}" for _, title, limit, _ in rows)
    told = f" {ask.model} now: {now['errors']} errors, p95 {now['latency']}." if ask.model else ""
    return Card(
        title="Limits of alerts" + (f", {ask.model} beside them" if ask.model else ""),
        summary=f"{said}.{told} {FIXED}",
        blocks=(
            table,
            Text(text=FIXED),
            Context(
                text=f"A canary fails when errors rise by more than {CANARY.error_rate_increase * 100:g} points, "
                f"p95 by more than {CANARY.latency_p95_ratio:g} times, or the value falls by {CANARY.value_drop:.0%}. "
                "Alerts page whom a rule names."
            ),
            SOURCE,
        ),
        buttons=(Button(label="List alerts", command="list alerts"),),
    )


async def _now(run: Run, model: str) -> dict[str, str]:
    health = await run.read(run.metrics.health, model, minutes=HEALTH_MINUTES)
    report = await drift_now(run, model)
    drift = missing = "not known"
    if not isinstance(report, NoData) and report.features:
        most = max(report.features, key=lambda f: f.psi)
        gone = max(report.features, key=lambda f: f.missing_share - f.reference_missing_share)
        drift = f"{most.psi:.2f} ({most.name})"
        missing = f"{gone.missing_share - gone.reference_missing_share:+.1%} ({gone.name})"
    return {
        "errors": _of(health, lambda s: f"{s.error_rate:.2%}"),
        "latency": _of(health, lambda s: f"{s.latency_p95_ms:.0f} ms"),
        "drift": drift,
        "missing": missing,
    }


def _of(health: list[HealthSample] | NoData, tell: Callable[[HealthSample], str]) -> str:
    if isinstance(health, NoData) or not health:
        return "not known"
    return ", ".join(f"{tell(s)} ({s.version})" if len(health) > 1 else tell(s) for s in health)
