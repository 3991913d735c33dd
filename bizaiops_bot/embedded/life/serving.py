"""Which version answers which share of requests, kept on disk so that a crash never halves a change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from bizaiops_bot.domain.environments import parted, spoken_service
from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent, Temporary
from bizaiops_bot.domain.models import Artifact
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import Replicas, Revision, Role, ServiceRef, Snapshot, TrafficState
from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.domain.values import Value
from bizaiops_bot.embedded.life.served import ModelStore, ServedModel
from bizaiops_bot.ports.clock import Clock

KEPT_KEYS = 500
KEPT_IDLE = 3
_NOT_BACK = {"generation", "idle"}
"""What a restore leaves as it goes on."""


def revision_of(service: str, version: str) -> str:
    """What this serving system calls a version that it runs."""
    return f"{parted(service)[0]}-{version}"


def _called(model: str, environment: str, environments: Sequence[str]) -> str:
    return spoken_service(model, None if environment == environments[0] else environment)


class Split(Value):
    """What the request router of one model goes by. `weights`: version -> percent, 100 together, also in a pause."""

    stable: str
    canary: str | None = None
    weights: dict[str, int]
    stable_since: datetime
    canary_since: datetime | None = None
    least: int = 1
    most: int = 1
    paused: bool = False
    idle: tuple[str, ...] = ()
    generation: int = 0

    @model_validator(mode="before")
    @classmethod
    def _as_once_saved(cls, given: Any) -> Any:
        """Folders of before had one number of replicas."""
        if not isinstance(given, dict) or "replicas" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "replicas"}
        return {"least": given["replicas"], "most": given["replicas"], **rest}

    @property
    def served(self) -> set[str]:
        """The versions that can get requests."""
        return {self.stable, *self.weights, *([self.canary] if self.canary else [])}


class Saved(Value):
    """The file: the splits, and the newest keys of finished changes, oldest first."""

    splits: dict[str, Split]
    keys: tuple[str, ...] = ()


class EmbeddedServing:
    """The Serving port of the embedded company. A change is on disk before a request sees it.

    Inside it a service goes by its name, "churn" in the first environment and "churn in staging" elsewhere: what its
    methods beside the port call `model`.
    """

    def __init__(
        self,
        folder: Path,
        models: Iterable[str],
        store: ModelStore,
        clock: Clock,
        begun: datetime,
        *,
        environments: Sequence[str] = ("demo",),
    ) -> None:
        """folder: holds serving.json. A service without a saved split is served by its first version, since `begun`.
        environments: each serves all models.

        Raises Permanent when the file cannot be read.
        """
        self._file = folder / "serving.json"
        self._names = {_called(name, where, environments): (name, where) for where in environments for name in models}
        self._store, self._clock, self._begun = store, clock, begun
        saved = self._read()
        self._keys = saved.keys
        self._splits = {name: saved.splits.get(name) or self._first(name) for name in self._names}
        self._loaded: dict[tuple[str, str], ServedModel] = {}
        self._tries: Callable[[str, str, int], Tried] = lambda *_: Tried(requests=0, failed=0)
        for name in self._names:
            self._keep_loaded(name)

    def tried_by(self, tries: Callable[[str, str, int], Tried]) -> None:
        """What asks a version past the split: (model, version, how many). Without it nothing can be asked."""
        self._tries = tries

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says=f"embedded: {len(dict(self._names.values()))} models served in this process")

    async def services(self) -> list[ServiceRef]:
        return [self._service(name) for name in self._names]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        return self.state(self.model_of(service))

    async def snapshot(self, service: ServiceRef) -> Snapshot:
        """The split, whatever it is: here every state has been a good one."""
        state, split = await self.traffic(service), self.split(self.model_of(service))
        words = f"{state.spoken()}, {state.replicas.spoken()}"
        return Snapshot(service=state.service, spec=split.model_dump(mode="json", exclude=_NOT_BACK), words=words)

    async def set_canary(
        self,
        service: ServiceRef,
        version: str,
        percent: int,
        *,
        guard: str,
        artifact: Artifact | None = None,
        key: str,
    ) -> TrafficState:
        """Sends `percent` of requests to `version`, the rest to the stable one; another canary makes room.

        Raises NotFound without an artifact, BadInput for a percent outside 0..100 or the stable version, Conflict
        while paused.
        """
        model = self.model_of(service)
        if key in self._keys:
            return self.state(model)
        if not 0 <= percent <= 100:
            raise BadInput(f"{percent}% is no share of requests.", do="Say a whole percent from 0 to 100.")
        split = self._planned_on(model, guard)
        self._must_serve(model, split)
        if version == split.stable:
            raise BadInput(
                f"{model} {version} is the stable version already.", do="Name another version for the canary."
            )
        self._load(model, version)
        shares = {split.stable: 100 - percent, version: percent}
        weights = {name: share for name, share in shares.items() if share}
        since = split.canary_since if split.canary == version else self._clock.now()
        return self._change(model, key, split, canary=version, weights=weights, canary_since=since)

    async def try_out(self, service: ServiceRef, version: str, requests: int) -> Tried:
        """Rows as they are asked now, through the same network. Raises NotFound for a version that is not up."""
        model = self.model_of(service)
        split = self.split(model)
        if version not in split.served:
            raise NotFound(f"{model} version that is up", version, split.served)
        return self._tries(model, version, requests)

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        """Sends everything to `version`, now stable. Raises NotFound without an artifact, Conflict while paused."""
        model = self.model_of(service)
        if key in self._keys:
            return self.state(model)
        split = self._planned_on(model, guard)
        self._must_serve(model, split)
        return self._make_stable(model, version, key, split)

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        """Makes version `to` stable with all traffic, removes any canary, ends a pause. Raises NotFound."""
        model = self.model_of(service)
        return self.state(model) if key in self._keys else self._make_stable(model, to, key, self.split(model))

    async def restore(self, service: ServiceRef, to: Snapshot, *, key: str) -> TrafficState:
        """Brings the split back. Raises BadInput for what is no snapshot of the service, NotFound for a lost version.

        Since when a version is stable stays as it is where it has been stable all the time.
        """
        model = self.model_of(service)
        if key in self._keys:
            return self.state(model)
        if to.service != self._service(model):
            raise BadInput(f"{service} cannot be restored.", f"The snapshot is of {to.service}.", "Take its own.")
        split = self.split(model)
        try:
            back = Split.model_validate(to.spec)
        except ValidationError as broken:
            raise BadInput(f"The snapshot of {service} cannot be read.", str(broken), "Take another.") from broken
        now, changes = self._clock.now(), back.model_dump(exclude=_NOT_BACK)
        changes["stable_since"] = split.stable_since if back.stable == split.stable else now
        if back.canary is not None:
            changes["canary_since"] = split.canary_since if back.canary == split.canary else now
        return self._change(model, key, split, **changes)

    async def pause(self, service: ServiceRef, *, key: str) -> TrafficState:
        """Stops serving; requests are turned away until `resume`. The split is remembered."""
        model = self.model_of(service)
        return self.state(model) if key in self._keys else self._change(model, key, self.split(model), paused=True)

    async def resume(self, service: ServiceRef, *, guard: str, key: str) -> TrafficState:
        """Serves again, split as before the pause."""
        model = self.model_of(service)
        if key in self._keys:
            return self.state(model)
        return self._change(model, key, self._planned_on(model, guard), paused=False)

    async def scale(self, service: ServiceRef, least: int, most: int, *, guard: str, key: str) -> TrafficState:
        """Spreads requests over `least` replicas: nothing here scales by itself. Raises BadInput outside of 1..50."""
        model = self.model_of(service)
        if key in self._keys:
            return self.state(model)
        if not 1 <= least <= most <= 50:
            asked = f"{least}" if least == most else f"{least} to {most}"
            raise BadInput(f"{asked} replicas cannot be run.", do="Say a number from 1 to 50.")
        return self._change(model, key, self._planned_on(model, guard), least=least, most=most)

    def model_of(self, service: ServiceRef) -> str:
        """The name in here of a service of this company. Raises NotFound."""
        for name in self._names:
            if self._service(name) == service:
                return name
        raise NotFound("service", str(service), map(str, map(self._service, self._names)))

    def split(self, model: str) -> Split:
        """What the router of requests goes by right now. Raises NotFound."""
        if model not in self._splits:
            raise NotFound("model", model, self._splits)
        return self._splits[model]

    def served(self, model: str, version: str) -> ServedModel:
        """The model in memory; versions without traffic are read from disk. Raises NotFound."""
        return self._loaded.get((model, version)) or self._store.load(parted(model)[0], version)

    def newest(self, model: str) -> str:
        """The version that went live last: the canary if one is out, else the stable one."""
        split = self.split(model)
        return split.canary or split.stable

    def state(self, model: str) -> TrafficState:
        """The split as the port tells it."""
        split = self.split(model)
        out: list[tuple[str, Role]] = [(split.stable, "stable")]
        out += [(split.canary, "canary")] if split.canary else []
        out += [(version, "idle") for version in split.idle]
        revisions = tuple(
            Revision(
                name=revision_of(model, version),
                version=version,
                weight=0 if split.paused else split.weights.get(version, 0),
                role=role,
            )
            for version, role in out
        )
        return TrafficState(
            service=self._service(model),
            revisions=revisions,
            replicas=Replicas(ready=split.least, desired=split.least, least=split.least, most=split.most),
            paused=split.paused,
            generation=str(split.generation),
            read_at=self._clock.now(),
        )

    def _service(self, model: str) -> ServiceRef:
        name, environment = self._names[model]
        return ServiceRef(environment=environment, model=name, name=name)

    def _planned_on(self, model: str, guard: str) -> Split:
        """The split, if it is the one that a change was planned on. Raises Conflict."""
        split = self.split(model)
        if guard != str(split.generation):
            state = self.state(model)
            raise Conflict(
                f"{model} was not changed.",
                f"It has changed since this was planned: it is now {state.spoken()}, {state.replicas.spoken()}.",
                "Ask again to get a plan for the world as it is.",
            )
        return split

    def _make_stable(self, model: str, version: str, key: str, split: Split) -> TrafficState:
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
        )

    def _change(self, model: str, key: str, split: Split, **changes: Any) -> TrafficState:
        """Writes the new split and the key to disk together, then lets requests see it, then reads it back.

        Raises Temporary when the disk does not take it: requests go as before, and the key is still free.
        """
        new = Split.model_validate({**split.model_dump(), **changes, "generation": split.generation + 1})
        new = new.model_copy(update={"idle": _idle(split, {new.stable, new.canary})})
        for version in new.served:
            self._load(model, version)
        saved = Saved(splits={**self._splits, model: new}, keys=(*self._keys, key)[-KEPT_KEYS:])
        try:
            self._write(saved)
        except OSError as error:
            why = f"{error.strerror}: {self._file}."
            raise Temporary(f"The traffic of {model} could not be written.", why, "Free some disk space.") from error
        self._splits, self._keys = saved.splits, saved.keys
        self._keep_loaded(model)
        return self.state(model)

    def _must_serve(self, model: str, split: Split) -> None:
        if split.paused:
            raise Conflict(f"{model} is paused, so its traffic cannot be split.", do=f"Say: resume {model}")

    def _load(self, model: str, version: str) -> None:
        if (model, version) not in self._loaded:
            self._loaded[model, version] = self._store.load(parted(model)[0], version)

    def _keep_loaded(self, model: str) -> None:
        """Memory holds the versions that can get requests, no others."""
        split = self._splits[model]
        wanted = split.served
        for version in wanted:
            self._load(model, version)
        for name, version in list(self._loaded):
            if name == model and version not in wanted:
                del self._loaded[name, version]

    def _first(self, model: str) -> Split:
        version = self._store.initial(parted(model)[0])
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


def _idle(split: Split, busy: set[str | None]) -> tuple[str, ...]:
    """Versions that were just taken out of traffic, newest first, then the idle ones before."""
    left = [version for version in (split.canary, split.stable, *split.idle) if version and version not in busy]
    return tuple(dict.fromkeys(left))[:KEPT_IDLE]
