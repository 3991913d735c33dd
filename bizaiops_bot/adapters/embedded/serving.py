"""Which version answers which share of requests, kept on disk so that a crash never halves a change."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bizaiops_bot.adapters.embedded.served import ModelStore, ServedModel
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent
from bizaiops_bot.domain.models import ModelInfo, Revision, TrafficState
from bizaiops_bot.domain.values import Value
from bizaiops_bot.ports import Clock

KEPT_KEYS = 500
KEPT_IDLE = 3


class Split(Value):
    """What the request router of one model goes by. `weights`: version -> percent, 100 together, also in a pause."""

    stable: str
    canary: str | None = None
    weights: dict[str, int]
    stable_since: datetime
    canary_since: datetime | None = None
    replicas: int = 1
    paused: bool = False
    idle: tuple[str, ...] = ()


class Saved(Value):
    """The file: the splits, and the newest keys of finished changes, oldest first."""

    splits: dict[str, Split]
    keys: tuple[str, ...] = ()


class EmbeddedServing:
    """The Serving port of the embedded company. A change is on disk before a request sees it."""

    def __init__(self, folder: Path, infos: list[ModelInfo], store: ModelStore, clock: Clock, begun: datetime) -> None:
        """folder: holds serving.json. A model without a saved split is served by its first version, since `begun`.

        Raises Permanent when the file cannot be read.
        """
        self._file = folder / "serving.json"
        self._infos = {info.name: info for info in infos}
        self._store, self._clock, self._begun = store, clock, begun
        saved = self._read()
        self._keys = saved.keys
        self._splits = {name: saved.splits.get(name) or self._first(name) for name in self._infos}
        self._loaded: dict[tuple[str, str], ServedModel] = {}
        for name in self._infos:
            self._keep_loaded(name)

    async def models(self) -> list[ModelInfo]:
        return list(self._infos.values())

    async def traffic(self, model: str) -> TrafficState:
        return self.state(model)

    async def set_canary(self, model: str, version: str, percent: int, *, key: str) -> TrafficState:
        """Sends `percent` of requests to `version`, the rest to the stable one; another canary makes room.

        Raises NotFound without an artifact, BadInput for a percent outside 1..100 or the stable version, Conflict
        while paused.
        """
        split = self.split(model)
        if key in self._keys:
            return self.state(model)
        if not 1 <= percent <= 100:
            raise BadInput(f"{percent}% is no share of requests.", do="Say a whole percent from 1 to 100.")
        self._must_serve(model, split)
        if version == split.stable:
            raise BadInput(
                f"{model} {version} is the stable version already.", do="Name another version for the canary."
            )
        self._load(model, version)
        weights = {split.stable: 100 - percent, version: percent} if percent < 100 else {version: 100}
        since = split.canary_since if split.canary == version else self._clock.now()
        idle = _idle(split, {split.stable, version})
        return self._change(model, key, split, canary=version, weights=weights, canary_since=since, idle=idle)

    async def promote(self, model: str, version: str, *, key: str) -> TrafficState:
        """Sends everything to `version`, now stable. Raises NotFound without an artifact, Conflict while paused."""
        split = self.split(model)
        if key in self._keys:
            return self.state(model)
        self._must_serve(model, split)
        return self._make_stable(model, version, key, split)

    async def restore(self, model: str, version: str, *, key: str) -> TrafficState:
        """Makes `version` stable with all traffic, removes any canary, ends a pause. Raises NotFound."""
        split = self.split(model)
        if key in self._keys:
            return self.state(model)
        return self._make_stable(model, version, key, split)

    async def pause(self, model: str, *, key: str) -> TrafficState:
        """Stops serving; requests are turned away until `resume`. The split is remembered."""
        split = self.split(model)
        return self.state(model) if key in self._keys else self._change(model, key, split, paused=True)

    async def resume(self, model: str, *, key: str) -> TrafficState:
        """Serves again, split as before the pause."""
        split = self.split(model)
        return self.state(model) if key in self._keys else self._change(model, key, split, paused=False)

    async def scale(self, model: str, replicas: int, *, key: str) -> TrafficState:
        """Spreads requests over `replicas`, 1..50. Raises BadInput outside of it."""
        split = self.split(model)
        if key in self._keys:
            return self.state(model)
        if not 1 <= replicas <= 50:
            raise BadInput(f"{replicas} replicas cannot be run.", do="Say a number from 1 to 50.")
        return self._change(model, key, split, replicas=replicas)

    def split(self, model: str) -> Split:
        """What the router of requests goes by right now. Raises NotFound."""
        if model not in self._splits:
            raise NotFound("model", model, self._splits)
        return self._splits[model]

    def served(self, model: str, version: str) -> ServedModel:
        """The model in memory; versions without traffic are read from disk. Raises NotFound."""
        return self._loaded.get((model, version)) or self._store.load(model, version)

    def newest(self, model: str) -> str:
        """The version that went live last: the canary if one is out, else the stable one."""
        split = self.split(model)
        return split.canary or split.stable

    def state(self, model: str) -> TrafficState:
        """The split as the port tells it."""
        split = self.split(model)
        out = [(split.stable, "stable")]
        out += [(split.canary, "canary")] if split.canary else []
        out += [(version, "idle") for version in split.idle]
        revisions = tuple(
            Revision.model_validate(
                {
                    "revision": f"{model}-{version}",
                    "version": version,
                    "weight": 0 if split.paused else split.weights.get(version, 0),
                    "state": state,
                }
            )
            for version, state in out
        )
        return TrafficState(
            model=model, revisions=revisions, replicas=split.replicas, paused=split.paused, read_at=self._clock.now()
        )

    def _make_stable(self, model: str, version: str, key: str, split: Split) -> TrafficState:
        self._load(model, version)
        since = split.stable_since if version == split.stable else self._clock.now()
        return self._change(
            model,
            key,
            split,
            stable=version,
            canary=None,
            canary_since=None,
            weights={version: 100},
            stable_since=since,
            paused=False,
            idle=_idle(split, {version}),
        )

    def _change(self, model: str, key: str, split: Split, **changes: Any) -> TrafficState:
        """Writes the new split and the key to disk together, then lets requests see it, then reads it back."""
        new = Split.model_validate({**split.model_dump(), **changes})
        saved = Saved(splits={**self._splits, model: new}, keys=(*self._keys, key)[-KEPT_KEYS:])
        self._write(saved)
        self._splits, self._keys = saved.splits, saved.keys
        self._keep_loaded(model)
        return self.state(model)

    def _must_serve(self, model: str, split: Split) -> None:
        if split.paused:
            raise Conflict(f"{model} is paused, so its traffic cannot be split.", do=f"Say: resume {model}")

    def _load(self, model: str, version: str) -> None:
        if (model, version) not in self._loaded:
            self._loaded[model, version] = self._store.load(model, version)

    def _keep_loaded(self, model: str) -> None:
        """Memory holds the versions that can get requests, no others."""
        split = self._splits[model]
        wanted = {split.stable, *split.weights, *([split.canary] if split.canary else [])}
        for version in wanted:
            self._load(model, version)
        for name, version in list(self._loaded):
            if name == model and version not in wanted:
                del self._loaded[name, version]

    def _first(self, model: str) -> Split:
        version = self._store.initial(model)
        return Split(stable=version, weights={version: 100}, stable_since=self._begun)

    def _read(self) -> Saved:
        if not self._file.exists():
            return Saved(splits={})
        try:
            return Saved.model_validate_json(self._file.read_bytes())
        except ValidationError as broken:
            what = f"The serving state in {self._file} cannot be read."
            raise Permanent(
                what, str(broken), "Restore the file from a backup, or delete it to start with v1."
            ) from broken

    def _write(self, saved: Saved) -> None:
        """Atomic: a crash leaves the old file or the new one, never a part."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as out:
            out.write(json.dumps(saved.model_dump(mode="json")))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _idle(split: Split, busy: set[str]) -> tuple[str, ...]:
    """Versions that were just taken out of traffic, newest first, then the idle ones before."""
    left = [version for version in (split.canary, split.stable, *split.idle) if version and version not in busy]
    return tuple(dict.fromkeys(left))[:KEPT_IDLE]
