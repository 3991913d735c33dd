"""Everything a playbook can reach: the ports to the outside, and the bot itself."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.bot_api.controls import Controls
from bizaiops_bot.bot_api.handbook import Handbook
from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.model_registry import ModelRegistry
from bizaiops_bot.ports.models import Models
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.pipelines import Pipelines
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving
from bizaiops_bot.ports.warehouse import Warehouse
from bizaiops_bot.ports.words import Words


class Ports(Protocol):
    """Everything a playbook can reach."""

    clock: Clock
    models: Models
    pipelines: Pipelines
    serving: Serving
    registry: ModelRegistry
    metrics: Metrics
    predictions: Predictions
    outcomes: Outcomes
    drift: DriftReports
    warehouse: Warehouse
    faults: Faults | None
    records: Records
    controls: Controls
    words: Words
    handbook: Handbook
