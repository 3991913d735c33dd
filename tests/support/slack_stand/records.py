"""What the stand remembers: calls of the bot, what was sent to the bot, and what only one person saw."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack_stand.faults import Fault
from tests.support.slack_stand.limits import JSON


@dataclass
class Call:
    """One call of the Web API. at: monotonic seconds. error: of the answer, "" for ok, "429" and the like for others."""

    method: str
    args: JSON
    token: str
    at: float
    error: str = ""
    answer: JSON = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One request to the bot and its answer. status: 0 for none within three seconds, or no bot."""

    kind: str
    payload: JSON
    status: int
    seconds: float
    body: str = ""

    @property
    def answer(self) -> JSON:
        """The answer's JSON; {} when it has none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Whisper:
    """A message that only `user` saw."""

    user: str
    channel: str
    text: str
    blocks: list[JSON]
    thread: str | None = None


@dataclass
class Records:
    """Everything since the stand began; a test looks at what is new since its own beginning."""

    calls: list[Call] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    whispers: list[Whisper] = field(default_factory=list)
    modals: list[JSON] = field(default_factory=list)
    homes: dict[str, JSON] = field(default_factory=dict)
    statuses: list[JSON] = field(default_factory=list)
    streams: dict[str, list[JSON]] = field(default_factory=dict)
    refused: list[tuple[str, list[str], Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, method: str, channel: str | None) -> Fault | None:
        """The fault that befalls this call, one time less from now on."""
        found = next((fault for fault in self.faults if fault.befalls(method, channel)), None)
        if found is not None:
            found.times -= 1
        return found
