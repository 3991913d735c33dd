"""What a test opened and need not close itself: files left to the garbage collector are errors in today's Python."""

from __future__ import annotations

from collections.abc import Callable

_ends: list[Callable[[], object]] = []


def at_end(call: Callable[[], object]) -> None:
    """Has `call` made when the test is over."""
    _ends.append(call)


def end() -> None:
    while _ends:
        _ends.pop()()
