"""Waiting for another process: the one place in the tests where real time passes, always with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.05


def eventually(
    look: Callable[[], T | None], what: str, *, patience_s: float = 60.0, every_s: float = LOOK_EVERY_S
) -> T:
    """The first truthy answer of `look`. Fails with `what` and the last answer after `patience_s` real seconds."""
    end = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {patience_s:g} s; the last look saw {found!r}")
        time.sleep(every_s)
