"""How much is really being done, as against waiting for a time or a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Activity:
    """Tests on a virtual clock let work finish before time moves on."""

    def __init__(self) -> None:
        self.busy = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Marks real work in progress."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within `working`: waiting for a time or a person is no work."""
        self.busy -= 1
        try:
            yield
        finally:
            self.busy += 1
