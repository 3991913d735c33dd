"""The Pipelines port of the embedded company: builds, retrains, gates and packages real models.

FOLDER/MODEL/first.joblib          rows of the first 60 days, fixed at the first start
FOLDER/MODEL/jobs/JOB/             one training, named from its key; done.json is its last file
FOLDER/MODEL/versions/VERSION/     what serving loads; a version that is here never changes
FOLDER/MODEL/builds.json           version -> its latest finished job
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.adapters.embedded.artifacts import TrainedModel, folder_digest, load_model, replace_folder
from bizaiops_bot.adapters.embedded.gate import GateLimits, assess_build
from bizaiops_bot.adapters.embedded.recipes import Trainable, recipe_for, skewed
from bizaiops_bot.adapters.embedded.trainer import ARTIFACT, DONE, HOLDOUT, JOB, TRAIN
from bizaiops_bot.adapters.embedded.training import Job, Tables, auc_difference_se, measure, train
from bizaiops_bot.adapters.embedded.training_process import run_trainer
from bizaiops_bot.adapters.embedded.training_rows import first_tables, read, recent_tables, store
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.models import Build, Candidate, GateReport, Package
from bizaiops_bot.ports import Clock, Progress

LiveRows = Callable[[str, datetime], pd.DataFrame]
FEW_HELD_OUT = 2_000
FIRST, BUILDS, INITIAL = "first.joblib", "builds.json", "v1"


class EmbeddedPipelines:
    """See `ports.Pipelines`.

    live_rows: labelled live rows of a model since a time: features, `label`, `at` (and `_unit`, if the stream has it).
    bad_release: models whose next builds go wrong, until the name is taken out again; a version that was packaged
    stays as it is.
    """

    def __init__(
        self, folder: Path, streams: Mapping[str, Trainable], clock: Clock, live_rows: LiveRows, *, seed: int = 0
    ) -> None:
        self.bad_release: set[str] = set()
        folder = folder.absolute()
        self._folder, self._streams, self._clock, self._live_rows, self._seed = folder, streams, clock, live_rows, seed
        self._limits = GateLimits()
        self._locks = {model: asyncio.Lock() for model in streams}

    # -- the start ---------------------------------------------------------------------------------

    def initial(self, model: str) -> TrainedModel:
        """v1, trained now (in this process, under a second) unless it is in the folder already."""
        folder = self.artifact_folder(model, INITIAL)
        if not folder.exists():
            summary = self._stream(model).candidates()[0].summary
            train(self._job(model, INITIAL, summary, bad=False), self._first(model), _silent).save(folder)
        return load_model(folder)

    def artifact_folder(self, model: str, version: str) -> Path:
        """Where a packaged version is; nothing is there before `package`."""
        return self._home(model) / "versions" / version

    # -- the port ----------------------------------------------------------------------------------

    async def candidates(self, model: str) -> list[Candidate]:
        """See the port."""
        known = {c.version: c for c in self._stream(model).candidates()}
        for version, note in self._builds(model).items():
            known.setdefault(version, Candidate(model=model, version=version, summary=note["summary"]))
        return sorted(known.values(), key=lambda candidate: int(candidate.version[1:]))

    async def build(self, model: str, version: str, *, key: str, progress: Progress) -> Build:
        """See the port. A version that was packaged before is not trained again: what is registered never changes."""
        known = {candidate.version: candidate.summary for candidate in await self.candidates(model)}
        if version not in known:
            raise NotFound(f"version of {model}", version, known)
        async with self._locks[model]:
            finished = self._finished(model, version)
            if finished is not None:
                progress(f"{version} was built before; its files are unchanged")
                return finished
            job = self._job(model, version, known[version], bad=model in self.bad_release)
            return await self._run(job, lambda: self._first(model), key, progress)

    async def retrain(self, model: str, version: str, since: datetime, *, key: str, progress: Progress) -> Build:
        """See the port. Raises NotEnoughData under 400 labelled rows, Conflict when the version number is taken."""
        stream = self._stream(model)
        async with self._locks[model]:
            folder = self._job_folder(model, version, key)
            if not (folder / DONE).exists() and self._is_taken(model, version):
                raise Conflict(f"{model} {version} exists already.", "A retrained version needs a new number.")
            recent = self._live_rows(model, since) if not (folder / DONE).exists() else pd.DataFrame()
            summary = f"gradient boosting, retrained on history and {len(recent):,} rows since {since:%-d %b %H:%M} UTC"
            job = self._job(model, version, summary, bad=model in self.bad_release)
            return await self._run(
                job, lambda: recent_tables(stream, self._first(model), recent, self._seed), key, progress
            )

    async def labelled_rows(self, model: str, since: datetime) -> int:
        """See the port."""
        self._stream(model)
        return len(self._live_rows(model, since))

    async def test(self, build: Build, *, against: str, key: str) -> GateReport:
        """See the port."""
        known = [candidate.version for candidate in await self.candidates(build.model)]
        champion = self.artifact_folder(build.model, against)
        if not champion.exists():
            raise NotFound(
                f"packaged version of {build.model}", against, [v for v in known if self._is_packaged(build.model, v)]
            )
        return await asyncio.to_thread(self._measure, build, champion, against)

    async def package(self, build: Build, *, key: str) -> Package:
        """See the port. Raises Conflict when the version was packaged before with other bytes."""
        return await asyncio.to_thread(self._package, build)

    # -- one training ------------------------------------------------------------------------------

    async def _run(self, job: Job, tables: Callable[[], Tables], key: str, progress: Progress) -> Build:
        """Trains the job of `key`, or returns it when it is done; one that was interrupted begins again."""
        folder = self._job_folder(job.model, job.version, key)
        if not (folder / DONE).exists():
            progress("collecting the rows")
            await asyncio.to_thread(self._prepare, folder, job, tables)
            await run_trainer(folder, f"{job.model} {job.version}", progress)
        job = Job.model_validate_json((folder / JOB).read_text(encoding="utf-8"))
        self._note(job.model, job.version, folder.name, job.summary)
        return self._build_of(folder, job)

    def _prepare(self, folder: Path, job: Job, tables: Callable[[], Tables]) -> None:
        found = tables()
        leaks = self._stream(job.model).leaks
        shutil.rmtree(folder, ignore_errors=True)
        store(skewed(found.holdout, job.recipe, leaks), folder / HOLDOUT)
        learned, seen = (skewed(rows, job.recipe, leaks) for rows in (found.train, found.reference))
        store((learned, found.recent, seen), folder / TRAIN)
        _write(folder / JOB, job.model_dump_json(indent=1))

    def _build_of(self, folder: Path, job: Job) -> Build:
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        return Build(
            model=job.model,
            version=job.version,
            artifact=f"jobs/{folder.name}",
            digest=done["digest"],
            train_rows=done["train_rows"],
            train_seconds=done["train_seconds"],
            summary=job.summary,
        )

    def _finished(self, model: str, version: str) -> Build | None:
        """The build of a packaged version, or of a retraining, which cannot be repeated because its rows have
        passed.
        """
        note = self._builds(model).get(version)
        planned = {candidate.version for candidate in self._stream(model).candidates()}
        if note is not None and (self._is_packaged(model, version) or version not in planned):
            folder = self._home(model) / "jobs" / note["job"]
            return self._build_of(folder, Job.model_validate_json((folder / JOB).read_text(encoding="utf-8")))
        if not self._is_packaged(model, version):
            return None
        served = load_model(self.artifact_folder(model, version))
        return Build(
            model=model,
            version=version,
            artifact=f"versions/{version}",
            digest=served.digest,
            train_rows=served.train_rows,
            train_seconds=served.train_seconds,
            summary=served.summary,
        )

    # -- gate and package --------------------------------------------------------------------------

    def _measure(self, build: Build, champion_folder: Path, against: str) -> GateReport:
        folder = self._home(build.model) / build.artifact
        from_job = (folder / HOLDOUT).exists()
        holdout = read(folder / HOLDOUT) if from_job else self._first(build.model).holdout
        candidate = load_model(folder / ARTIFACT if from_job else folder, build.digest)
        champion = load_model(champion_folder)
        labels = holdout["label"].to_numpy(dtype=float)
        scores, old_scores = candidate.predict(holdout), champion.predict(holdout)
        metrics, old = (measure(candidate.kind, labels, s) for s in (scores, old_scores))
        units = holdout["_unit"].to_numpy() if "_unit" in holdout.columns else np.arange(len(holdout))
        # With many rows the fixed margin is enough; with few, chance alone moves an AUC further than that.
        few = candidate.kind == "classification" and len(holdout) < FEW_HELD_OUT
        se = auc_difference_se(labels, scores, old_scores, units) if few else 0.0
        return GateReport(
            model=build.model,
            version=build.version,
            against=against,
            holdout_rows=len(holdout),
            checks=assess_build(candidate.kind, len(holdout), metrics, old, against, self._limits, auc_se=se),
            metrics=metrics,
        )

    def _package(self, build: Build) -> Package:
        source = self._home(build.model) / build.artifact
        target = self.artifact_folder(build.model, build.version)
        if not target.exists():
            draft = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}"
            shutil.copytree(source / ARTIFACT, draft)
            replace_folder(draft, target)
            (source / TRAIN).unlink(missing_ok=True)  # several MB, and of no use for a version that never changes again
        digest = folder_digest(target)
        if digest != build.digest:
            raise Conflict(
                f"{build.model} {build.version} was not packaged.",
                f"The packaged files have SHA-256 {digest[:12]}, the build has {build.digest[:12]}.",
                "A packaged version never changes: deploy the packaged one, or build under a new number.",
            )
        served = load_model(target, digest)
        return Package(
            model=build.model,
            version=build.version,
            artifact=str(target),
            digest=digest,
            size_bytes=sum(file.stat().st_size for file in target.iterdir()),
            metrics=served.metrics,
            summary=build.summary,
            features=tuple(feature.name for feature in served.features),
        )

    # -- where things are --------------------------------------------------------------------------

    def _stream(self, model: str) -> Trainable:
        if model not in self._streams:
            raise NotFound("model", model, self._streams)
        return self._streams[model]

    def _home(self, model: str) -> Path:
        self._stream(model)
        return self._folder / model

    def _job_folder(self, model: str, version: str, key: str) -> Path:
        return self._home(model) / "jobs" / f"{version}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def _is_packaged(self, model: str, version: str) -> bool:
        return self.artifact_folder(model, version).exists()

    def _is_taken(self, model: str, version: str) -> bool:
        planned = {candidate.version for candidate in self._stream(model).candidates()}
        return version in planned or self._is_packaged(model, version)

    def _job(self, model: str, version: str, summary: str, *, bad: bool) -> Job:
        stream = self._stream(model)
        return Job(
            model=model,
            version=version,
            kind=stream.info.kind,
            recipe=recipe_for(stream.info.kind, version, bad=bad),
            features=[(f.name, f.kind, f.monitored) for f in stream.features],
            threshold=stream.threshold,
            summary=summary,
        )

    def _first(self, model: str) -> Tables:
        """The first 60 days; the same rows after every restart."""
        path = self._home(model) / FIRST
        if not path.exists():
            store(first_tables(self._stream(model), self._clock.now(), self._seed), path)
        tables: Tables = read(path)
        return tables

    def _builds(self, model: str) -> dict[str, dict[str, Any]]:
        path = self._home(model) / BUILDS
        if not path.exists():
            return {}
        noted: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return noted

    def _note(self, model: str, version: str, job: str, summary: str) -> None:
        noted = {**self._builds(model), version: {"job": job, "summary": summary}}
        _write(self._home(model) / BUILDS, json.dumps(noted, indent=1))


def _write(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    draft.write_text(words, encoding="utf-8")
    draft.replace(path)


def _silent(_words: str) -> None:
    """Progress that nobody reads."""
