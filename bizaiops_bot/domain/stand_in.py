"""What a dry run has in place of results it does not know yet."""

from __future__ import annotations


class StandIn:
    """The result of a step that was not done: any attribute is a stand-in too, and it prints as where it comes from."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._source}.{name}")

    def __str__(self) -> str:
        return f"<{self._source}>"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)
