"""A small company with fixed names and a fixed clock, in which what people say is measured."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue, PlaybookSpec
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.router.intents import Intent, load_intents
from bizaiops_bot.router.router import Router

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)  # a Saturday, 15:30 in Berlin

COMPANY = Catalogue(
    models=(
        ModelSpec(name="churn", title="Customer churn", task="classification", aliases=("customer churn", "retention")),
        ModelSpec(name="demand", title="Demand forecast", task="forecast", aliases=("demand forecast", "forecast")),
    ),
    versions={"churn": ("v1", "v2", "v3"), "demand": ("v1", "v2")},
    stable={"churn": "v2", "demand": "v1"},
    previous={"churn": "v1"},
    kpis={
        "churn": (
            ("churn_rate", ("Churn rate",)),
            ("revenue_at_risk", ("Revenue at risk",)),
            ("retention_cost", ("Retention cost",)),
        ),
        "demand": (
            ("stock_outs", ("Stock-outs", "stockouts")),
            ("inventory_cost", ("Inventory cost",)),
            ("forecast_error", ("Forecast error", "WAPE")),
        ),
    },
    people=("engineer", "lead", "analyst", "sre"),
    called={"engineer": ("erin",), "lead": ("lee",), "analyst": ("ana",), "sre": ("sam",)},
    now=NOW,
    time_zone="Europe/Berlin",
)


@cache
def specs() -> tuple[PlaybookSpec, ...]:
    """Of the bot's own playbooks."""
    return tuple(playbook.spec() for playbook in Playbooks.load(content_folder("playbooks")))


def own_router(intents: list[Intent] | None = None, cache_dir: Path | None = None) -> Router:
    """A router of `intents` (default: the bot's own) and the bot's own playbooks.

    cache_dir: where it may keep what it learns; what was learned at installation is used without it.
    """
    known = load_intents(content_folder("intents")) if intents is None else intents
    return Router(known, list(specs()), cache_dir)
