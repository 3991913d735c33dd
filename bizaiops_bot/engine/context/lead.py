"""Which worker this process is, and whether it does what only one may do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Lead:
    """worker: this process among several, "" before it is registered. leading: it runs schedules, the watch, posts."""

    def __init__(self) -> None:
        self.worker = ""
        self.leading = True
        self.changed = asyncio.Event()
        self.adopters: list[Callable[[], None]] = []
        """Called when another worker has gone: what it left half done is to be taken up."""
        self.listeners: list[Callable[[], None]] = []
        """Called when this worker begins or ceases to lead."""

    def set(self, leading: bool) -> None:
        """Whether this worker does what only one may do: schedules, the watch, posting to chat platforms."""
        if leading != self.leading:
            self.leading = leading
            self.changed.set()
            for tell in self.listeners:
                tell()
