"""Which revision of a service answers which share of its requests, and the keys of what was changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from examples.serving_stand.problems import Refusal, bad, conflict, not_found

KEPT_KEYS = 5000
KEPT_IDLE = 3
KEPT_CALLS = 1000
SNAPSHOT = ("stable", "canary", "weights", "least", "most", "paused")


@dataclass(frozen=True)
class Split:
    """weights: version -> percent, 100 together, in a pause too."""

    stable: str
    weights: dict[str, int]
    canary: str | None = None
    least: int = 1
    most: int = 1
    paused: bool = False
    idle: tuple[str, ...] = ()
    generation: int = 0

    def requests_go_by(self) -> dict[str, int]:
        return {} if self.paused else self.weights

    def words(self) -> str:
        """ "v1 90%, v2 10%, 2 replicas" """
        shares = ", ".join(f"{version} {weight}%" for version, weight in self.weights.items())
        count = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        split = "paused, no requests served" if self.paused else shares
        return f"{split}, {count} replica{'' if count == '1' else 's'}"


@dataclass
class Services:
    """All services of one environment. calls: every call that was to change something, oldest first."""

    environment: str
    splits: dict[str, Split]
    keys: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def split(self, model: str) -> Split:
        if model not in self.splits:
            raise not_found("service", model, self.splits)
        return self.splits[model]

    def reference(self, model: str) -> dict[str, str]:
        return {"environment": self.environment, "model": model, "name": f"{model}-predictor", "namespace": "models"}

    def change(self, model: str, order: dict[str, Any], key: str, known: list[str]) -> Split:
        """known: the versions that can be loaded. One key changes something once; `calls` says what came of it."""
        call = {"at": datetime.now(UTC).isoformat(), "model": model, "key": key, **order}
        try:
            if key in self.keys:
                call["came"] = "again"
                return self.split(model)
            before = self.split(model)
            after = _changed(model, before, order, known)
            gone = [version for version in (before.stable, before.canary) if version]
            idle = [v for v in dict.fromkeys((*gone, *before.idle)) if v not in (after.stable, after.canary)]
            after = replace(after, idle=tuple(idle[:KEPT_IDLE]), generation=before.generation + 1)
            self.splits[model], self.keys = after, [*self.keys, key][-KEPT_KEYS:]
            call["came"] = "done"
            return after
        except Refusal as refused:
            call["came"] = f"refused: {refused}"
            raise
        finally:
            self.calls = [*self.calls, call][-KEPT_CALLS:]

    def told(self, model: str) -> dict[str, Any]:
        """The state of its traffic, as the wire has it."""
        split = self.split(model)
        roles = [(split.stable, "stable"), *([(split.canary, "canary")] if split.canary else [])]
        roles += [(version, "idle") for version in split.idle]
        shares = split.requests_go_by()
        return {
            "service": self.reference(model),
            "revisions": [
                {"name": revision_of(model, v), "version": v, "weight": shares.get(v, 0), "role": role}
                for v, role in roles
            ],
            "replicas": {"ready": split.least, "desired": split.least, "least": split.least, "most": split.most},
            "paused": split.paused,
            "settled": True,
            "generation": str(split.generation),
            "read_at": datetime.now(UTC).isoformat(),
        }

    def snapshot(self, model: str) -> dict[str, Any]:
        split = self.split(model)
        spec = {name: value for name, value in asdict(split).items() if name in SNAPSHOT}
        return {"service": self.reference(model), "spec": spec, "words": split.words()}


def revision_of(model: str, version: str) -> str:
    return f"{model}-{version}"


def _changed(model: str, split: Split, order: dict[str, Any], known: list[str]) -> Split:
    """Safety has no guard: roll back, restore and pause are done whatever has changed since they were planned."""
    match order.get("change"):
        case "pause":
            return replace(split, paused=True)
        case "restore":
            return _restored(model, split, order.get("spec"), known)
        case "roll_back":
            to = str(order.get("to", "")).removeprefix(revision_of(model, ""))
            return _stable(split, _loaded(model, to, known))
    _can_be(order)
    if order.get("guard") != str(split.generation):
        why = f"It has changed since this was planned: it is now {split.words()}."
        raise conflict(f"{model} was not changed.", why, "Ask again to get a plan for the world as it is.")
    if order["change"] == "resume":
        return replace(split, paused=False)
    if order["change"] == "scale":
        return replace(split, least=order["least"], most=order["most"])
    return _shifted(model, split, order, known)


def _can_be(order: dict[str, Any]) -> None:
    """Refuses what makes no sense whatever the state is."""
    what = order.get("change")
    if what not in ("set_canary", "promote", "resume", "scale"):
        raise bad(f"{what!r} is no change of a service.")
    if what == "set_canary" and not 0 <= order["percent"] <= 100:
        raise bad(f"{order['percent']}% is no share of requests.", "Say a whole percent from 0 to 100.")
    if what == "scale" and not 1 <= order["least"] <= order["most"] <= 50:
        raise bad(f"{order['least']} to {order['most']} replicas cannot be run.", "Say a number from 1 to 50.")


def _shifted(model: str, split: Split, order: dict[str, Any], known: list[str]) -> Split:
    if split.paused:
        raise conflict(f"{model} is paused, so its traffic cannot be split.", do=f"Say: resume {model}")
    version = _loaded(model, str(order["version"]), known)
    if order["change"] == "promote":
        return _stable(split, version)
    if version == split.stable:
        raise bad(f"{model} {version} is the stable version already.", "Name another version for the canary.")
    weights = {split.stable: 100 - order["percent"], version: order["percent"]}
    return replace(split, canary=version, weights={v: weight for v, weight in weights.items() if weight})


def _stable(split: Split, version: str) -> Split:
    return replace(split, stable=version, canary=None, weights={version: 100}, paused=False)


def _restored(model: str, split: Split, spec: Any, known: list[str]) -> Split:
    try:
        back = Split(**{name: spec[name] for name in SNAPSHOT})
        wanted = [back.stable, *back.weights, *([back.canary] if back.canary else [])]
    except (TypeError, KeyError, AttributeError) as broken:
        raise bad(f"The snapshot of {model} cannot be read: {broken!r}.", "Take another.") from broken
    for version in wanted:
        _loaded(model, version, known)
    return replace(back, idle=split.idle)


def _loaded(model: str, version: str, known: list[str]) -> str:
    if version not in known:
        raise not_found(f"{model} version", version, known)
    return version
