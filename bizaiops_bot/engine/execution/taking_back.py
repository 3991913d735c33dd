"""In which order what was begun is taken back, and when a person is asked: a live run and its replay share it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.execution.base import PortedRun


@dataclass(frozen=True)
class Undo:
    """How a block is taken back. once: the so-many-th try, counted from 1, which is patient or not with an outage; it
    raises BotError when it fails.
    """

    name: str
    once: Callable[[int, bool], Awaitable[object]]

    def called(self, attempt: int) -> str:
        """What the record calls a try."""
        return self.name if attempt == 1 else f"{self.name} (try {attempt})"


class TakingBack(PortedRun):
    """Undo blocks run in reverse order. What cannot be undone at once while another undo stands behind it is put off
    until that is done: traffic waits for no registry.
    """

    def __init__(self, number: int, actor: Actor, conversation: str, ports: Ports, time_zone: str) -> None:
        super().__init__(number, actor, conversation, ports, time_zone)
        self._to_undo: list[Undo] = []
        self._undoing = False
        self._put_off: list[tuple[Undo, Exception]] = []
        self._asked = 0

    @abstractmethod
    async def _agreed_to(self, question: str, undo: Undo, failed: BotError) -> bool:
        """Asks a person whether to try an undo again. question: its name in the record."""

    @asynccontextmanager
    async def _covered(self, undo: Undo) -> AsyncIterator[None]:
        # Only ordinary errors undo: a run that is parked or taken over goes on, and is undone there if it fails.
        self._to_undo.append(undo)
        try:
            yield
        except Exception as cause:
            await self._take_back(undo, cause)
            raise
        else:
            if len(self._to_undo) == 1:  # of blocks whose error the playbook caught
                await self._take_back_late([])
        finally:
            self._to_undo.pop()

    async def _take_back(self, undo: Undo, cause: Exception) -> None:
        """Raises Permanent for what was left to a person."""
        if len(self._to_undo) == 1:
            await self._take_back_late([(undo, cause)])
            return
        self._undoing = True
        try:
            if await _failed(undo, 1, patient=False) is not None:
                self._put_off.append((undo, cause))
        finally:
            self._undoing = False

    async def _take_back_late(self, first: list[tuple[Undo, Exception]]) -> None:
        """The outermost block, then what was put off till then."""
        put_off, self._put_off = self._put_off, []
        self._undoing = True  # also while a person is asked: a cancel ends neither
        try:
            left = [await self._undone_or_left(undo, cause, tries=0) for undo, cause in first]
            left += [await self._undone_or_left(undo, cause, tries=1) for undo, cause in put_off]
        finally:
            self._undoing = False
        if (told := next(filter(None, left), None)) is not None:
            raise told

    async def _undone_or_left(self, undo: Undo, cause: Exception, tries: int) -> Permanent | None:
        """While it fails the state is unknown, and a person is asked until someone says to leave it: then what to say.

        tries: how many there were before.
        """
        while True:
            tries += 1
            if (failed := await _failed(undo, tries, patient=True)) is None:
                return None
            self._asked += 1  # over the whole run, so that each question has a name of its own
            if not await self._agreed_to(f"{undo.name} failed {self._asked}", undo, failed):
                why = f"It was to be undone because: {cause}"
                left = Permanent(f"{undo.name!r} failed: {failed}", why, "State unknown; say `status` to read it.")
                left.__cause__ = cause
                return left


async def _failed(undo: Undo, attempt: int, *, patient: bool) -> BotError | None:
    try:
        await undo.once(attempt, patient)
    except BotError as exc:
        return exc
    return None
