"""Answers of a language model: said, not said, and said before."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
MOST_KEPT = 500


@dataclass(frozen=True)
class Said(Generic[M]):
    """A checked answer, and how it came about for the audit."""

    value: M
    heard: dict[str, Any]


@dataclass(frozen=True)
class Unsaid:
    """No answer; `heard` has the outcome."""

    heard: dict[str, Any]


@dataclass(frozen=True)
class Turned:
    """What one turn used up."""

    tokens_in: int
    tokens_out: int
    usd: float


@dataclass
class Tally:
    """What one question has used up so far. in_flight: tokens of a call whose end is not known yet."""

    started: float
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    calls: int = 0
    in_flight: int = 0
    estimated: bool = False

    def used(self) -> dict[str, Any]:
        """For the audit."""
        used = {
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "usd": round(self.usd, 6),
            "ms": round(1000 * (time.monotonic() - self.started)),
            "calls": self.calls,
            "cached": False,
        }
        return {**used, "estimated": True} if self.estimated else used


class Kept:
    """The latest answers, in memory; each is checked again when it is recalled."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[str, dict[str, Any]]] = OrderedDict()

    def recall(self, key: str, schema: type[M]) -> Said[M] | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        free = {"cached": True, "tokens_in": 0, "tokens_out": 0, "usd": 0.0, "ms": 0, "calls": 0}
        return Said(schema.model_validate_json(kept[0]), {**kept[1], **free})

    def keep(self, key: str, value: BaseModel, heard: dict[str, Any]) -> None:
        self._kept[key] = (value.model_dump_json(), heard)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
