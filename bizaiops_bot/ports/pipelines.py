"""CI/CD: builds model versions. A build lives in its own system, and is looked at by its reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildRef, BuildState
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.adapter import Adapter


class Pipelines(Adapter, Protocol):
    """Builds model versions (CI/CD): training, measuring, packaging or registering are stages of a build.

    A build outlives the bot that started it. Every write takes a `key` that lives on the build outside, so that the
    same key does nothing twice, from any bot, at any time.
    """

    async def buildable(self, model: str) -> list[Buildable]:
        """Versions that can be built by name, oldest first, built ones included; [] where builds name themselves."""

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        """Of every model, as `buildable` has them, in a few requests however many models there are."""

    async def new_version(self, model: str, taken: Sequence[str]) -> str | NoData:
        """What the next training will be called, none of `taken`: the names that the registry has. Asked when a
        retraining is planned, so that people approve a name. NoData where it is named when it is registered.
        Raises Permanent where nothing can be trained.
        """

    async def start(self, order: BuildOrder, *, key: str) -> BuildRef:
        """Orders a build and returns at once; a known key finds its build, however that has ended, before anything else
        is looked at. So a BadInput or Conflict says that the key has no build, and Temporary or Unknown nothing at all.

        Raises NotFound for a model or version that cannot be built, Conflict for a name that a retraining may not
        take.
        """

    async def state(self, build: BuildRef) -> BuildState | NoData:
        """How far it is. The same state is equal but for `read_at`. NoData for a build that is not known (any more)."""

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> str | NoData:
        """The last `tail` lines that it has said, of one stage or of all. NoData for a build that is not known (any
        more); "" while it has said nothing.
        """

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> BuildState:
        """Answers the question with that id, and returns the state as read back. An answer that was given already, by
        whomever, is left as it is. Raises Conflict for a question that the build has not asked, NotFound for an unknown
        build.
        """

    async def stop(self, build: BuildRef, *, key: str) -> BuildState:
        """Ends it, and returns the state as read back, which may still be running for a moment; one that is over stays
        as it ended. Raises NotFound for an unknown build.
        """
