"""The parts of a build, each on its own: rows, measuring, packaging; and what is on disk of every version.

FOLDER/MODEL/first.joblib          rows of the first 60 days, fixed at the first start
FOLDER/MODEL/jobs/JOB/             one build, named from its key; done.json is the last file of its training
FOLDER/MODEL/versions/VERSION/     what serving loads; a version that is here never changes
FOLDER/MODEL/builds.json           version -> its latest job that was trained
"""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bizaiops_bot.domain.builds import BuildOrder
from bizaiops_bot.domain.errors import Conflict, NotFound, Temporary
from bizaiops_bot.domain.models import GateReport, Package
from bizaiops_bot.embedded.training.artifacts import TrainedModel, folder_digest, load_model, replace_folder
from bizaiops_bot.embedded.training.build_files import write
from bizaiops_bot.embedded.training.gate import GateLimits, assess_build
from bizaiops_bot.embedded.training.recipes import Trainable, recipe_for, skewed
from bizaiops_bot.embedded.training.trainer import ARTIFACT, DONE, HOLDOUT, JOB, TRAIN
from bizaiops_bot.embedded.training.training import Job, Tables, auc_difference_se, measure, train
from bizaiops_bot.embedded.training.training_rows import first_tables, read, recent_tables, store

FEW_HELD_OUT = 2_000
FIRST, BUILDS, INITIAL = "first.joblib", "builds.json", "v1"


class Workshop:
    """Knows where everything is; everything here blocks."""

    def __init__(self, folder: Path, streams: Mapping[str, Trainable], *, seed: int) -> None:
        self.folder = folder.absolute()
        self._streams, self._seed, self._limits = streams, seed, GateLimits()

    # -- versions ----------------------------------------------------------------------------------

    def initial(self, model: str, end: datetime) -> TrainedModel:
        """v1, trained now on the 60 days before `end` (in this process, under a second) unless it is there already."""
        folder = self.artifact_folder(model, INITIAL)
        if not folder.exists():
            summary = self.stream(model).buildable()[0].summary
            train(self._job(model, INITIAL, summary, bad=False), self.first(model, end), _silent).save(folder)
        return load_model(folder)

    def artifact_folder(self, model: str, version: str) -> Path:
        """Where a packaged version is; nothing is there before `package`."""
        return self._home(model) / "versions" / version

    def known(self, model: str) -> dict[str, str]:
        """version -> its recipe: its own ones, then those that were trained anew, in the order of their builds."""
        own = {one.version: one.summary for one in self.stream(model).buildable()}
        return own | {v: note["summary"] for v, note in self._builds(model).items() if v not in own}

    def is_taken(self, model: str, version: str) -> bool:
        """Whether a training anew may not have that name."""
        return version in self._own(model) or self.is_packaged(model, version)

    def is_packaged(self, model: str, version: str) -> bool:
        return self.artifact_folder(model, version).exists()

    def earlier(self, model: str, version: str) -> Path | None:
        """What stands for the version since an earlier build: packaged, so that it never changes, or trained on rows
        that have passed.
        """
        note = self._builds(model).get(version)
        packaged = self.is_packaged(model, version)
        if note is not None and (packaged or version not in self._own(model)):
            return self._home(model) / "jobs" / str(note["job"])
        return self.artifact_folder(model, version) if packaged else None

    # -- the parts of a build ----------------------------------------------------------------------

    def collect(self, folder: Path, order: BuildOrder, live: pd.DataFrame | None, end: datetime, *, bad: bool) -> str:
        """Writes the rows that the trainer learns from, and what it is to do; says how many they are.

        live: labelled rows for a training anew. Raises NotEnoughData when they are too few.
        """
        model, stream, first = order.model, self.stream(order.model), self.first(order.model, end)
        if live is None or order.since is None:
            summary, tables = self.known(model)[order.version], first
        else:
            summary = (
                f"gradient boosting, retrained on history and {len(live):,} rows since {order.since:%-d %b %H:%M} UTC"
            )
            tables = recent_tables(stream, first, live, self._seed)
        job = self._job(model, order.version, summary, bad=bad)
        for old in (JOB, DONE):
            (folder / old).unlink(missing_ok=True)
        store(skewed(tables.holdout, job.recipe, stream.leaks), folder / HOLDOUT)
        learned, seen = (skewed(rows, job.recipe, stream.leaks) for rows in (tables.train, tables.reference))
        store((learned, tables.recent, seen), folder / TRAIN)
        write(folder / JOB, job.model_dump_json(indent=1))
        return f"{len(learned):,} rows to learn from, {len(tables.holdout):,} held out"

    def trained(self, order: BuildOrder, folder: Path) -> dict[str, Any]:
        """What the trainer has left in the folder, from now on the latest build of the version."""
        done: dict[str, Any] = json.loads((folder / DONE).read_text(encoding="utf-8"))
        summary = Job.model_validate_json((folder / JOB).read_text(encoding="utf-8")).summary
        noted = {**self._builds(order.model), order.version: {"job": folder.name, "summary": summary}}
        write(self._home(order.model) / BUILDS, json.dumps(noted, indent=1))
        return done

    def measure(self, order: BuildOrder, source: Path, end: datetime) -> GateReport:
        """The build and the version that it is held against, on the same held-out rows."""
        holdout = read(source / HOLDOUT) if (source / HOLDOUT).exists() else self.first(order.model, end).holdout
        candidate = load_model(_artifact(source), _digest(source))
        champion = load_model(self.artifact_folder(order.model, order.against))
        labels = holdout["label"].to_numpy(dtype=float)
        scores, old_scores = candidate.predict(holdout), champion.predict(holdout)
        metrics, old = (measure(candidate.kind, labels, s) for s in (scores, old_scores))
        units = holdout["_unit"].to_numpy() if "_unit" in holdout.columns else np.arange(len(holdout))
        # With many rows the fixed margin is enough; with few, chance alone moves an AUC further than that.
        few = candidate.kind == "classification" and len(holdout) < FEW_HELD_OUT
        se = auc_difference_se(labels, scores, old_scores, units) if few else 0.0
        return GateReport(
            model=order.model,
            version=order.version,
            against=order.against,
            holdout_rows=len(holdout),
            checks=assess_build(candidate.kind, len(holdout), metrics, old, order.against, self._limits, auc_se=se),
            metrics=metrics,
        )

    def package(self, model: str, version: str, source: Path | None = None) -> Package:
        """Makes what was trained in `source` servable, once, and reads its digest back; None is a version that is.

        Raises Conflict when the version was packaged before with other bytes.
        """
        target = self.artifact_folder(model, version)
        if source is not None and not target.exists():
            draft = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}"
            shutil.copytree(_artifact(source), draft)
            replace_folder(draft, target)
            (source / TRAIN).unlink(missing_ok=True)  # several MB, and of no use for a version that never changes again
        digest = folder_digest(target)
        wanted = None if source is None else _digest(source)
        if wanted not in (None, digest):
            raise Conflict(
                f"{model} {version} was not packaged.",
                f"The packaged files have SHA-256 {digest[:12]}, the build has {str(wanted)[:12]}.",
                "A packaged version never changes: deploy the packaged one, or build under a new number.",
            )
        served = load_model(target, digest)
        return Package(
            model=model,
            version=version,
            artifact=str(target),
            digest=digest,
            size_bytes=sum(file.stat().st_size for file in target.iterdir()),
            metrics=served.metrics,
            summary=self.known(model).get(version, served.summary),
            features=tuple(feature.name for feature in served.features),
        )

    # -- where things are --------------------------------------------------------------------------

    def stream(self, model: str) -> Trainable:
        if model not in self._streams:
            raise NotFound("model", model, self._streams)
        return self._streams[model]

    def first(self, model: str, end: datetime) -> Tables:
        """The first 60 days; the same rows after every restart."""
        path = self._home(model) / FIRST
        if not path.exists():
            store(first_tables(self.stream(model), end, self._seed), path)
        tables: Tables = read(path)
        return tables

    def _own(self, model: str) -> set[str]:
        return {one.version for one in self.stream(model).buildable()}

    def _home(self, model: str) -> Path:
        self.stream(model)
        return self.folder / model

    def _job(self, model: str, version: str, summary: str, *, bad: bool) -> Job:
        stream = self.stream(model)
        return Job(
            model=model,
            version=version,
            kind=stream.info.task,
            recipe=recipe_for(stream.info.task, version, bad=bad),
            features=[(f.name, f.kind, f.monitored) for f in stream.features],
            threshold=stream.threshold,
            summary=summary,
        )

    def _builds(self, model: str) -> dict[str, dict[str, Any]]:
        path = self._home(model) / BUILDS
        if not path.exists():
            return {}
        noted: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return noted


def _artifact(source: Path) -> Path:
    """Of a job, or of a version that is packaged."""
    return source / ARTIFACT if (source / JOB).exists() else source


def _digest(source: Path) -> str | None:
    """What the trainer has written, None for a version that is packaged."""
    if not (source / DONE).exists():
        return None
    return str(json.loads((source / DONE).read_text(encoding="utf-8"))["digest"])


def _silent(_words: str) -> None:
    """Progress that nobody reads."""


@contextlib.contextmanager
def disk(what: str) -> Iterator[None]:
    """Tells of a disk that does not take `what`."""
    try:
        yield
    except OSError as error:
        raise Temporary(
            f"{what} could not be written.", f"{error.strerror or error}.", "Free some disk space."
        ) from error
