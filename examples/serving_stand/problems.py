"""What the stand refuses, as its answers tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Refusal(Exception):
    """status: of HTTP. told: the body of the answer."""

    def __init__(self, status: int, **told: Any) -> None:
        super().__init__(told.get("what", ""))
        self.status, self.told = status, told


def not_found(kind: str, name: str, known: Iterable[str]) -> Refusal:
    return Refusal(404, what=f"There is no {kind} {name!r}.", kind=kind, name=name, known=sorted(known))


def conflict(what: str, why: str = "", do: str = "") -> Refusal:
    return Refusal(409, what=what, why=why, do=do)


def bad(what: str, do: str = "") -> Refusal:
    return Refusal(400, what=what, why="", do=do)
