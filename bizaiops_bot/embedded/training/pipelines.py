"""The Pipelines port of the embedded company: real trainings in processes of their own.

A build is a folder, see `build_files` and `workshop`. Its work is a task of this process that nobody waits for; one
that was cut off, because the process ended, goes on when somebody asks for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildRef, BuildState, Stage
from bizaiops_bot.domain.errors import BotError, Conflict, NotFound
from bizaiops_bot.domain.models import Package
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.domain.versions import following
from bizaiops_bot.embedded.training.artifacts import TrainedModel
from bizaiops_bot.embedded.training.build_files import BuildFiles, Kept
from bizaiops_bot.embedded.training.recipes import Trainable
from bizaiops_bot.embedded.training.trainer import DONE, JOB
from bizaiops_bot.embedded.training.training_process import run_trainer
from bizaiops_bot.embedded.training.workshop import INITIAL, Workshop, disk
from bizaiops_bot.ports.clock import Clock

__all__ = ["INITIAL", "EmbeddedPipelines"]
LiveRows = Callable[[str, datetime], pd.DataFrame]
STAGES = ("rows", "train", "test", "package")
log = logging.getLogger("bizaiops.training")


class EmbeddedPipelines:
    """See `ports.Pipelines`. One build of a model is at work, the others queue.

    live_rows: labelled live rows of a model since a time: features, `label`, `at` (and `_unit`, if the stream has it).
    bad_release: models whose next builds go wrong, until the name is taken out again; a version that was packaged
    stays as it is. changed: called when a build has come to its next stage, or to its end.
    """

    def __init__(
        self,
        folder: Path,
        streams: Mapping[str, Trainable],
        clock: Clock,
        live_rows: LiveRows,
        *,
        seed: int = 0,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.bad_release: set[str] = set()
        self._workshop = Workshop(folder, streams, seed=seed)
        self._files = BuildFiles(self._workshop.folder)
        self._streams, self._clock, self._live_rows, self._changed = streams, clock, live_rows, changed
        self._locks = {model: asyncio.Lock() for model in streams}
        self._work: dict[str, asyncio.Task[None]] = {}
        self._left = False

    # -- beside the port ---------------------------------------------------------------------------

    def initial(self, model: str) -> TrainedModel:
        """v1, trained now (in this process, under a second) unless it is in the folder already."""
        return self._workshop.initial(model, self._clock.now())

    def artifact_folder(self, model: str, version: str) -> Path:
        """Where a packaged version is; nothing is there before it is."""
        return self._workshop.artifact_folder(model, version)

    async def package(self, model: str, version: str) -> Package:
        """A version that is packaged already. Raises Permanent for one that is not."""
        return await asyncio.to_thread(self._workshop.package, model, version)

    @property
    def at_work(self) -> bool:
        """Whether a build is being carried on."""
        return bool(self._work)

    async def leave(self) -> None:
        """Ends the work, for good in this process; the builds stay as they are, for the next one to go on with."""
        self._left = True
        await _end(list(self._work.values()))

    # -- the port ----------------------------------------------------------------------------------

    async def ready(self) -> Readiness:
        """See the port: builds are files, and a folder that takes none builds none."""
        if not os.access(self._workshop.folder, os.W_OK):
            says = f"embedded: nothing can be written into {self._workshop.folder}"
            return Readiness(ok=False, says=says, do="Give another one: --data DIR")
        return Readiness(ok=True, says=f"embedded: trains {len(self._streams)} models in a process of its own")

    async def buildable(self, model: str) -> list[Buildable]:
        """See the port."""
        return [Buildable(model=model, version=v, summary=words) for v, words in self._workshop.known(model).items()]

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        """See the port."""
        return {model: await self.buildable(model) for model in self._streams}

    async def new_version(self, model: str, taken: Sequence[str]) -> str:
        """See the port. It counts on after its own and those of `taken` that are called like its own."""
        return following([*self._workshop.known(model), *taken])

    async def start(self, order: BuildOrder, *, key: str) -> BuildRef:
        """See the port. A version that was packaged before is not trained again: what is registered never changes."""
        known = self._workshop.known(order.model)
        ref = BuildRef(id=f"{order.model}/{order.version}-{hashlib.sha256(key.encode()).hexdigest()[:16]}")
        if self._files.get(ref.id) is None:
            self._require_possible(order, known)
            stages = tuple(Stage(name=name, phase="waiting") for name in STAGES)
            state = BuildState(ref=ref, phase="queued", stages=stages, read_at=self._clock.now())
            with disk(f"The build of {order.model} {order.version}"):
                self._files.add(Kept(order=order, state=state))
        self._carry_on(ref.id)
        return ref

    async def state(self, build: BuildRef) -> BuildState | NoData:
        """See the port."""
        kept = self._files.get(build.id)
        if kept is None:
            return _unknown(build)
        self._carry_on(build.id)
        before = self._before(kept) if kept.state.phase == "queued" else None
        return kept.moved(before=before, read_at=self._clock.now()).state

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> str | NoData:
        """See the port."""
        if self._files.get(build.id) is None:
            return _unknown(build)
        return await asyncio.to_thread(self._files.tail, build.id, stage, tail)

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> BuildState:
        """See the port: builds here ask nothing."""
        self._known(build)
        raise Conflict(f"The build {build} has not asked {question!r}.", "Builds of the embedded company ask nothing.")

    async def stop(self, build: BuildRef, *, key: str) -> BuildState:
        """See the port: its process is ended."""
        if not self._known(build).state.over:
            if (work := self._work.get(build.id)) is not None:
                await _end([work])
            if not (kept := self._known(build)).state.over:
                self._files.put(kept.ending("stopped", "it was stopped"))
        return self._known(build).moved(read_at=self._clock.now()).state

    # -- the work ----------------------------------------------------------------------------------

    def _require_possible(self, order: BuildOrder, known: Mapping[str, str]) -> None:
        model, version = order.model, order.version
        if order.since is not None and self._workshop.is_taken(model, version):
            raise Conflict(f"{model} {version} exists already.", "A retrained version needs a new number.")
        if order.since is None and version not in known:
            raise NotFound(f"version of {model}", version, known)
        if order.against and not self._workshop.is_packaged(model, order.against):
            packaged = [v for v in known if self._workshop.is_packaged(model, v)]
            raise NotFound(f"packaged version of {model}", order.against, packaged)

    def _known(self, build: BuildRef) -> Kept:
        kept = self._files.get(build.id)
        if kept is None:
            raise NotFound("build", build.id, self._work)
        return kept

    def _before(self, kept: Kept) -> int:
        """How many builds of the model are ahead of it."""
        mine = [b for b in self._work if b.startswith(f"{kept.order.model}/")]
        return mine.index(kept.state.ref.id) if kept.state.ref.id in mine else len(mine)

    def _carry_on(self, build: str) -> None:
        """Begins the work where nobody does it: at the start, and after a process that has ended in the middle."""
        kept = self._files.get(build)
        if kept is None or kept.state.over or build in self._work or self._left:
            return
        work = asyncio.create_task(self._carry(build), name=f"build {build}")
        self._work[build] = work
        work.add_done_callback(lambda _: self._over(build))

    def _over(self, build: str) -> None:
        self._work.pop(build, None)
        self._changed()

    async def _carry(self, build: str) -> None:
        order = self._kept(build).order
        async with self._locks[order.model]:
            try:
                await self._stages(build, order)
            except BotError as exc:
                self._fail(build, " ".join(filter(None, [exc.what, exc.why])))
            except Exception as exc:
                log.exception("build %s broke", build)
                self._fail(build, f"An unexpected error: {type(exc).__name__}: {exc}.")

    async def _stages(self, build: str, order: BuildOrder) -> None:
        what = f"{order.model} {order.version}"
        source = self._workshop.earlier(order.model, order.version) if order.since is None else None
        if source is None:
            source = await self._train(build, order, what)
        if order.against:
            self._enter(build, "test")
            report = await asyncio.to_thread(self._workshop.measure, order, source, self._clock.now())
            self._put(build, report=report)
            self._say(build, "test", f"{'passed' if report.passed else 'failed'}: {report.reason}")
            if not report.passed:
                self._fail(build, f"It did not pass against {order.against}: {report.reason}")
                return
        self._enter(build, "package")
        with disk(what):
            package = await asyncio.to_thread(self._workshop.package, order.model, order.version, source)
        self._say(build, "package", f"{package.size_bytes / 1e6:.2f} MB, {package.digest[:12]}")
        self._files.put(self._kept(build).ending("succeeded", package=package))

    async def _train(self, build: str, order: BuildOrder, what: str) -> Path:
        """The folder of the job; what was done of it before the process ended is not done again."""
        folder = self._files.folder(build)
        if not (folder / JOB).exists():
            self._enter(build, "rows")
            live = None if order.since is None else self._live_rows(order.model, order.since)
            bad = order.model in self.bad_release
            with disk(f"The rows of {what}"):
                said = await asyncio.to_thread(self._workshop.collect, folder, order, live, self._clock.now(), bad=bad)
            self._say(build, "rows", said)
        self._enter(build, "train")
        if not (folder / DONE).exists():
            await run_trainer(folder, what, lambda words: self._say(build, "train", words))
        done = self._workshop.trained(order, folder)
        self._say(build, "train", f"{done['train_rows']:,} rows in {done['train_seconds']:.1f} s")
        return folder

    def _kept(self, build: str) -> Kept:
        kept = self._files.get(build)
        assert kept is not None  # it is being carried on
        return kept

    def _enter(self, build: str, stage: str) -> None:
        self._files.put(self._kept(build).entering(stage, self._clock.now()))
        self._changed()

    def _put(self, build: str, **changes: object) -> None:
        self._files.put(self._kept(build).moved(**changes))

    def _say(self, build: str, stage: str, words: str) -> None:
        self._files.say(build, stage, words)

    def _fail(self, build: str, problem: str) -> None:
        kept = self._kept(build)
        at = kept.state.stage
        if at is not None:
            self._say(build, at.name, problem)
        self._files.put(self._kept(build).ending("failed", problem))


async def _end(work: list[asyncio.Task[None]]) -> None:
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)


def _unknown(build: BuildRef) -> NoData:
    return NoData(query=f"build {build}", window="any time", searched="the embedded company's folder of builds")
