"""Everything the stand keeps: in memory, and in one file that is written whole or not at all before an answer goes out.

What is counted of requests is in memory alone.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples.serving_stand.counted import SERIES, Counted, Manner
from examples.serving_stand.problems import Refusal, bad, not_found
from examples.serving_stand.registry import Registry
from examples.serving_stand.serving import Services, Split, revision_of

MANNERS = {"v3": Manner(errors=0.08)}
"""How a version answers that does not answer as all others do."""


class Company:
    """Calls come from many threads; each holds `lock` from its look to its answer.

    file: None keeps nothing. late_s: so long an answer to a change is held back after it was made, as a network does.
    """

    def __init__(self, models: list[str], environment: str, file: Path | None = None) -> None:
        self.lock, self.late_s, self._file = threading.RLock(), 0.0, file
        self.services = Services(environment, {})
        self.registry = Registry()
        if file is not None and file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))
        else:
            for model in models:
                self._found(model)
            self._save()
        self.counted = {model: Counted(model) for model in self.services.splits}

    # -- serving -------------------------------------------------------------------------------------

    def change(self, model: str, order: dict[str, Any], key: str) -> dict[str, Any]:
        splits, keys = dict(self.services.splits), self.services.keys
        self.services.change(model, order, key, self.registry.names(model))
        try:
            self._save()
        except Refusal:  # what is not kept has not happened
            self.services.splits, self.services.keys = splits, keys
            raise
        return self.services.told(model)

    def requests(self, second: int, count: int, model: str | None = None) -> None:
        """So many requests come for the model, or for each, in that second, and are split as traffic is now."""
        for name in [model] if model else [*self.counted]:
            shares = self.services.split(name).requests_go_by()
            manners = {revision_of(name, version): MANNERS.get(version, Manner()) for version in shares}
            by_revision = {revision_of(name, version): share for version, share in shares.items()}
            self.counted[name].come(second, count, by_revision, manners)

    def try_out(self, model: str, version: str, requests: int) -> dict[str, Any]:
        """Asked past the split, and counted nowhere."""
        split = self.services.split(model)
        up = [name for name in (split.stable, split.canary) if name]
        if version not in up:
            raise not_found(f"{model} version that is up", version, up)
        errors, took = self.counted[model].answers(requests, MANNERS.get(version, Manner()))
        problem = "500 Internal Server Error" if errors else ""
        return {"requests": requests, "failed": errors, "latencies_ms": took, "problem": problem}

    def samples(self, model: str, revisions: list[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        found = self._of(model).samples(revisions, start.timestamp(), end.timestamp())
        for sample in found:
            sample["by_minute"] = [[_iso(at), requests, errors] for at, requests, errors in sample["by_minute"]]
        return found

    def series(self, model: str, metric: str, start: datetime, end: datetime, points: int) -> dict[str, Any]:
        counted = self._of(model)
        if metric not in SERIES:
            raise not_found("metric", metric, SERIES)
        if end <= start or points < 1:
            raise bad(f"{start} to {end} in {points} steps is no window.")
        begin, step = start.timestamp(), (end - start).total_seconds() / points
        values = counted.series(metric, begin, end.timestamp(), points)
        times = [_iso(begin + place * step) for place in range(points)]
        return {"metric": metric, "unit": SERIES[metric], "times": times, "values": values}

    def _of(self, model: str) -> Counted:
        self.services.split(model)
        return self.counted[model]

    # -- registry ------------------------------------------------------------------------------------

    def register(self, model: str, given: dict[str, Any]) -> dict[str, Any]:
        made = self.registry.register(model, given)
        self._save()
        return made

    def set_alias(self, model: str, alias: str, version: str) -> dict[str, Any]:
        made = self.registry.set_alias(model, alias, version)
        self._save()
        return made

    # -- kept ------------------------------------------------------------------------------------------

    def _found(self, model: str) -> None:
        """It serves v1; v2 is as good, and v3 answers every twelfth request with an error."""
        self.services.splits[model] = Split(stable="v1", weights={"v1": 100})
        for version in ("v1", "v2", "v3"):
            artifact = {"uri": f"models:/{model}/{version}", "format": "", "digest": "", "size_bytes": None}
            given = {"version": version, "created": _iso(time.time()), "summary": "by the platform team", "metrics": {}}
            self.registry.register(
                model, {**given, "digest": "", "features": [], "artifact": artifact, "by": "platform"}
            )
        self.registry.set_alias(model, "champion", "v1")

    def _load(self, kept: dict[str, Any]) -> None:
        services = kept["services"]
        splits = {model: Split(**{**one, "idle": tuple(one["idle"])}) for model, one in services["splits"].items()}
        self.services = Services(services["environment"], splits, services["keys"], services["calls"])
        self.registry = Registry(**kept["registry"])

    def _save(self) -> None:
        if self._file is None:
            return
        draft = self._file.with_suffix(".new")
        try:
            with draft.open("w", encoding="utf-8") as out:
                json.dump({"services": asdict(self.services), "registry": asdict(self.registry)}, out)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._file)
        except OSError as full:
            raise Refusal(503, what="The change could not be kept.", why=f"{full.strerror}.", do="") from full


def _iso(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()
