"""Facts about a model, in the past tense: what rules listen to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bizaiops_bot.domain.values import Value

EventKind = Literal[
    "drift_detected",
    "concept_drift_detected",
    "missing_values_detected",
    "errors_detected",
    "latency_detected",
    "released",
    "version_registered",
    "alias_moved",
]


class Event(Value):
    """Something was found out about a model.

    at: when it was found; onset: the estimated beginning, never after `at`. title: one line for people.
    detail: facts by name. Rules read `version` (the version it was measured on), `rows` (rows behind the finding, or
    labelled rows for concept drift), `missing_columns` (names) and any other name that their input templates use.
    """

    kind: EventKind
    model: str
    at: datetime
    onset: datetime
    title: str
    detail: dict[str, Any] = Field(default_factory=dict)
