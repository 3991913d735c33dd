"""Named places at which tests kill the process; they do nothing otherwise."""

from __future__ import annotations

from collections.abc import Callable

ALL = (
    "store.in_transaction",  # a write has done its work, others of its commit may follow
    "store.before_commit",  # all writes of one commit are done
    "store.after_commit",  # they are durable, and nobody has been told
    "step.before_effect",  # a step is about to change the world
    "step.after_effect",  # the world has changed, the journal does not say so
    "step.recorded",  # the journal says so
    "run.parked",  # a run waits for people or for something outside, and nobody holds it
    "run.woken",  # what a parked run waits for outside has changed: it is due
    "run.claimed",  # a worker has taken it up again
    "run.ended",  # its end is recorded
    "poster.before_call",  # a card is marked as under way, the platform has not been called
    "poster.after_call",  # the platform has taken it, the mark still says "under way"
    "poster.marked",  # the mark says what the platform shows
)
OTHERS = ("timer.ordered",)  # the run at the end of a pause is made, its timer is not over yet
"""Reached only where something is set for later."""


def _nothing(_name: str) -> None:
    """Nobody listens."""


reached: Callable[[str], None] = _nothing


def failpoint(name: str) -> None:
    """Says that the place was reached."""
    reached(name)
