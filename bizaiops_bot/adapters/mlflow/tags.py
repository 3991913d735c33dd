"""What the bot keeps of a version in MLflow's tags, and reads back. A tag that says nothing sensible is left out."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from bizaiops_bot.domain.models import Artifact, ModelVersion, Package

TAG_MAX = 5_000
"""Characters that MLflow keeps of a tag."""
METRIC = "metric."
MARK = "bizaiops.key"
"""Says that the version is ours; what older bots registered has `key` instead."""
SOURCE = "bizaiops://"
"""A server refuses local paths as source, and the files are ours to find, so the source of ours is a name."""
STATES: dict[str, Literal["pending", "ready", "failed"]] = {
    "PENDING_REGISTRATION": "pending",
    "FAILED_REGISTRATION": "failed",
    "READY": "ready",
}


def written(package: Package, tag: str, key: str, now: datetime | None) -> dict[str, str]:
    """The tags of a version of ours. tag: the one that names it."""
    tags = {tag: package.version, "digest": package.digest, MARK: key, "size_bytes": str(package.size_bytes)}
    tags |= {f"{METRIC}{name}": json.dumps(value) for name, value in package.metrics.items()}
    if package.features and len(names := json.dumps(package.features)) <= TAG_MAX:
        tags["features"] = names
    if now is not None:
        tags["created"] = now.isoformat()
    return tags


def is_ours(version: Any) -> bool:
    """Whether a bot registered it: tags such as `digest` and `key` alone may be anybody's."""
    tags, source = version.tags, version.source or ""
    marked = MARK in tags or {"key", "size_bytes"} <= tags.keys()
    return bool(marked and tags.get("digest") and source.startswith(SOURCE))


def told(name: str, version: Any, aliases: tuple[str, ...]) -> ModelVersion:
    """MLflow's version as the bot knows it. Of the tags of others nothing is believed."""
    tags: dict[str, str] = version.tags if is_ours(version) else {}
    digest = tags.get("digest", "")
    artifact = Artifact(uri=version.source, digest=digest, size_bytes=_size(tags)) if version.source else None
    return ModelVersion(
        model=version.name,
        version=name,
        created=_created(tags) or datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
        summary=version.description or "",
        metrics=numbers({n.removeprefix(METRIC): said for n, said in tags.items() if n.startswith(METRIC)}),
        digest=digest,
        aliases=aliases,
        features=_features(tags),
        artifact=artifact,
        state=STATES.get(str(version.status), "ready"),
        by=version.user_id or "",
    )


def numbers(said: dict[str, Any]) -> dict[str, float]:
    """Those that are finite numbers."""
    found: dict[str, float] = {}
    for name, value in said.items():
        with suppress(ValueError, TypeError):
            if math.isfinite(number := float(value)):
                found[str(name)] = number
    return found


def _created(tags: dict[str, str]) -> datetime | None:
    """None where it is no time, or of no zone."""
    with suppress(ValueError):
        at = datetime.fromisoformat(tags.get("created", ""))
        return at if at.tzinfo is not None else None
    return None


def _size(tags: dict[str, str]) -> int | None:
    said = tags.get("size_bytes", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _features(tags: dict[str, str]) -> tuple[str, ...]:
    with suppress(ValueError, RecursionError):
        names = json.loads(tags.get("features", "[]"))
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(names)
    return ()
