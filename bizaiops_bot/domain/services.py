"""What serves a model in an environment: its service, the revisions behind it, and how it can be brought back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.values import Value

Role = Literal["stable", "canary", "idle"]
"""What a revision is for, by what is wanted: one that is being taken away is idle already."""


class ServiceRef(Value):
    """A model served in one environment; prints as people say it: "churn in production".

    name: the serving system's own, which need not be the model's. namespace, cluster: "" where there is no such thing.
    """

    environment: str
    model: str
    name: str
    namespace: str = ""
    cluster: str = ""

    def __str__(self) -> str:
        called = self.model if self.name == self.model else f"{self.model} ({self.name})"
        where = " ".join(filter(None, (self.cluster, self.namespace)))
        return f"{called} in {self.environment}" + (f" ({where})" if where else "")


def service_in(services: Iterable[ServiceRef], environment: str, model: str) -> ServiceRef:
    """The service of a model in an environment. Raises NotFound, with the models that are served there."""
    known = tuple(services)
    there = {found.model: found for found in known if found.environment == environment}
    if model not in there:
        elsewhere = any(found.model == model for found in known)
        raise NotFound(f"model in {environment}" if elsewhere else "model", model, there)
    return there[model]


class Revision(Value):
    """What a serving system calls something that it runs, and the share of requests that it gets.

    version: the registry's, None where nobody knows it. problem: why it cannot get ready, "" for none.
    """

    name: str
    version: str | None
    weight: int
    role: Role
    ready: bool = True
    problem: str = ""

    @property
    def called(self) -> str:
        """Its version; its own name where nobody knows the version."""
        return self.version or self.name


class Replicas(Value):
    """How many run: ready now, wanted now, and the bounds between which the serving system may choose."""

    ready: int
    desired: int
    least: int
    most: int

    def __str__(self) -> str:
        """ "3", "2 of 3 ready", "3 (1 to 5)" """
        count = str(self.desired) if self.ready == self.desired else f"{self.ready} of {self.desired} ready"
        return count if self.least == self.most else f"{count} ({self.least} to {self.most})"

    def spoken(self) -> str:
        """ "3 replicas", "replicas: 2 of 3 ready" """
        plain = self.ready == self.desired and self.least == self.most
        return f"{self} replica{'' if self.desired == 1 else 's'}" if plain else f"replicas: {self}"


class TrafficState(Value):
    """What the serving system reports, not what was asked for. Weights add up to 100, or are all 0 when paused.

    settled: whether it is as it was last asked to be, with nothing under way. generation: changes with everything that
    is asked of the service, opaque.
    """

    service: ServiceRef
    revisions: tuple[Revision, ...]
    replicas: Replicas
    paused: bool = False
    settled: bool = True
    generation: str
    read_at: datetime

    @property
    def versions(self) -> dict[str, str]:
        """Name of each revision -> its version, its own name where nobody knows it."""
        return {revision.name: revision.called for revision in self.revisions}

    @property
    def weights(self) -> dict[str, int]:
        """Version -> percent, only versions that get requests; the revisions of one version are added up."""
        found: dict[str, int] = {}
        for revision in self.revisions:
            if revision.weight:
                found[revision.called] = found.get(revision.called, 0) + revision.weight
        return found

    @property
    def stable(self) -> str | None:
        """Version of the stable revision, by its own name where nobody knows it."""
        return next((r.called for r in self.revisions if r.role == "stable"), None)

    @property
    def stable_version(self) -> str | None:
        """What the registry calls the stable revision; None where nobody knows it."""
        return next((r.version for r in self.revisions if r.role == "stable"), None)

    @property
    def canary(self) -> str | None:
        """Version of the canary revision, if one is out."""
        return next((r.called for r in self.revisions if r.role == "canary"), None)

    @property
    def problem(self) -> str:
        """What keeps a revision that is wanted from getting ready, with its name; "" for nothing."""
        ill = (r for r in self.revisions if r.role != "idle" and r.problem)
        return "; ".join(f"{_named(r)}: {r.problem}" for r in ill)

    @property
    def unready(self) -> str:
        """What is not as it was asked to be yet, in words; "" once it is settled."""
        if self.settled:
            return ""
        late = [f"{_named(r)} is not ready" for r in self.revisions if r.role != "idle" and not r.ready]
        if self.replicas.ready != self.replicas.desired:
            late.append(f"{self.replicas.ready} of {self.replicas.desired} replicas are ready")
        return ", ".join(late) or "the change is under way"

    def spoken(self) -> str:
        """For people: "v1 90%, v2 10%"."""
        if self.paused:
            said = "paused, no requests served"
        else:
            said = ", ".join(f"{called} {weight}%" for called, weight in self.weights.items()) or "no traffic"
        return f"{said} ({self.unready})" if self.unready else said


def _named(revision: Revision) -> str:
    return revision.name if revision.version is None else f"{revision.version} ({revision.name})"


class Snapshot(Value):
    """The last good state of a service, to go back to. spec: the serving system's own, opaque to everyone else.

    words: what it is, for people: "v1 100%, 2 replicas"; it prints so.
    """

    service: ServiceRef
    spec: JsonValue
    words: str

    def __str__(self) -> str:
        return self.words
