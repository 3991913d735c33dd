"""The limits of alerts and canaries: what they are now, where they are set, who may."""

from collections.abc import Callable

from pydantic import Field

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
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
    ModelSpec,
    NoData,
    Run,
    Table,
    Text,
    pace_words,
    playbook,
    share_words,
)
from playbooks._cards import known_model, listed
from playbooks._health import drift_now, health_of, traffic_of

DRIFT = DriftLimits()
FIXED = (
    "None of them can be set by chat, so nothing was changed. Who runs the bot may set those of errors, latency and "
    "canaries for each model in the company's folder; those of drift are the same for every model."
)
SOURCE = Links(
    links=(
        Link(label="Handbook: set them", to="/handbook/how-to/keep-a-company-in-files#a-model"),
        Link(label="Handbook: health", to="/handbook/explanation/drift-and-verdicts#health"),
        Link(label="Handbook: who is told", to="/handbook/how-to/say-where-news-go#1-rules"),
    )
)


class ShowLimits(Inputs):
    """Show from where on there is an alert, or a canary fails, with the values of now; nothing is changed."""

    model: ModelName | None = Field(None, description="the model whose values of now stand beside the limits")


@playbook(title="Show the limits of alerts", risk="read")
async def show_limits(run: Run, ask: ShowLimits) -> Card:
    now, own = {"errors": "", "latency": "", "drift": "", "missing": ""}, ""
    health, canary = HealthLimits(), CanaryLimits()
    if ask.model is not None:
        info = await known_model(run, ask.model)
        health, canary = info.limits, info.judge.limits
        now = await _now(run, ask.model)
    else:
        own = _with_their_own(await run.read(run.models.specs))
    rows = _rows(health)
    columns = ("What", "Alert", "And", *((f"{ask.model} now",) if ask.model else ()))
    table = Table(
        columns=columns,
        rows=tuple((title, limit, more, *((now[key],) if ask.model else ())) for key, title, limit, more in rows),
        caption="From where on there is an alert",
    )
    said = "; ".join(f"{title}: {limit}" for _, title, limit, _ in rows)
    told = f" {ask.model} now: {now['errors']} errors, p95 {now['latency']}." if ask.model else ""
    fixed = f"{own}{FIXED}"
    return Card(
        title="Limits of alerts" + (f", {ask.model} beside them" if ask.model else ""),
        summary=f"{said}.{told} {fixed}",
        blocks=(
            table,
            Text(text=fixed),
            Context(
                text=f"A canary fails when errors rise by more than {canary.error_rate_increase * 100:g} points, "
                f"p95 by more than {canary.latency_p95_ratio:g} times, or the value falls by {canary.value_drop:.0%}. "
                "Alerts page whom a rule names."
            ),
            SOURCE,
        ),
        buttons=(Button(label="List alerts", command="list alerts"),),
    )


def _rows(health: HealthLimits) -> list[tuple[str, str, str, str]]:
    most, over = share_words(health.error_rate), share_words(health.error_rate_exit)
    return [
        ("errors", "Error rate", f"surely above {most}", f"over at {over}"),
        (
            "latency",
            "Latency p95",
            f"above {health.latency_p95_ms:.0f} ms, or {health.baseline_ratio:g} x usual",
            f"over at {health.latency_exit_share:.0%} of it",
        ),
        ("drift", "Drift of a column", f"PSI from {DRIFT.psi:g}, and sure", f"{DRIFT.min_rows} rows needed"),
        ("missing", "Missing values", f"{DRIFT.missing_points:.0%} more than at training", ""),
    ]


def _with_their_own(models: list[ModelSpec]) -> str:
    """Names the models that the card's limits are not those of."""
    names = [info.name for info in models if info.limits != HealthLimits() or info.judge.limits != CanaryLimits()]
    have = "has" if len(names) == 1 else "have"
    return f"Of errors, latency or canaries, {listed(names)} {have} other limits. " if names else ""


async def _now(run: Run, model: str) -> dict[str, str]:
    health = await health_of(run, await traffic_of(run, model), HEALTH_MINUTES)
    report = await drift_now(run, model)
    drift = missing = "not known"
    if not isinstance(report, NoData) and report.features:
        most = max(report.features, key=lambda f: f.psi)
        gone = max(report.features, key=lambda f: f.missing_share - f.reference_missing_share)
        drift = f"{most.psi:.2f} ({most.name})"
        missing = f"{gone.missing_share - gone.reference_missing_share:+.1%} ({gone.name})"
    return {
        "errors": _of(health, lambda s: f"{s.error_rate:.2%}"),
        "latency": _of(health, lambda s: pace_words(s.latency_p95_ms)),
        "drift": drift,
        "missing": missing,
    }


def _of(health: list[HealthSample] | NoData, tell: Callable[[HealthSample], str]) -> str:
    if isinstance(health, NoData) or not health:
        return "not known"
    return ", ".join(f"{tell(s)} ({s.version})" if len(health) > 1 else tell(s) for s in health)
