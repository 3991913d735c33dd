"""Fault injection: what can go wrong in the embedded company, on demand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.values import Value
from bizaiops_bot.embedded.business.streams import Shift
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from bizaiops_bot.ports.clock import Clock

MarkBadRelease = Callable[[str, bool], None]

KINDS: dict[str, str] = {
    "covariate_drift": "other customers than before now ask {model}",
    "concept_drift": "the inputs of {model} now mean something else",
    "missing_values": "some inputs of {model} now arrive empty",
    "latency": "{version} of {model} now answers 8 times slower",
    "errors": "{version} of {model} now fails on 12% of requests",
    "bad_release": "the next build of {model} will be a bad one",
}
ON_REVISION = ("latency", "errors")


class Fault(Value):
    """An active fault; `version` is set for those that sit in one revision, so that a rollback heals them."""

    model: str
    fault: str
    since: datetime
    version: str | None = None


class EmbeddedFaults:
    """The Faults port. A fault injected twice is one fault, since the first time."""

    def __init__(
        self, serving: EmbeddedServing, clock: Clock, mark_bad_release: MarkBadRelease, saved: list[Fault]
    ) -> None:
        """mark_bad_release(model, on): told when the next build shall be bad; called again for saved faults."""
        self._serving, self._clock, self._mark = serving, clock, mark_bad_release
        self._active = {(fault.model, fault.fault): fault for fault in saved}
        for fault in saved:
            if fault.fault == "bad_release":
                mark_bad_release(fault.model, True)

    async def kinds(self) -> list[str]:
        return list(KINDS)

    async def inject(self, model: str, fault: str) -> str:
        """Starts the fault; latency and errors sit in the newest live revision. Raises NotFound."""
        if fault not in KINDS:
            raise NotFound("fault", fault, KINDS)
        newest = self._serving.newest(model)
        if (model, fault) not in self._active:
            version = newest if fault in ON_REVISION else None
            self._active[model, fault] = Fault(model=model, fault=fault, since=self._clock.now(), version=version)
            if fault == "bad_release":
                self._mark(model, True)
        return _sentence(self._active[model, fault])

    async def clear(self, model: str | None = None) -> list[str]:
        """Ends the faults of `model`, or all. Raises NotFound for an unknown model."""
        if model is not None:
            self._serving.split(model)
        ended = [fault for fault in self._active.values() if model in {None, fault.model}]
        for fault in ended:
            del self._active[fault.model, fault.fault]
            if fault.fault == "bad_release":
                self._mark(fault.model, False)
        return [fault.fault for fault in ended]

    async def active(self) -> list[tuple[str, str, datetime]]:
        return [(fault.model, fault.fault, fault.since) for fault in self._active.values()]

    def shift(self, model: str) -> Shift:
        """What the outside of `model` looks like now."""
        return Shift(
            covariate=(model, "covariate_drift") in self._active,
            concept=(model, "concept_drift") in self._active,
            missing=(model, "missing_values") in self._active,
        )

    def hits(self, model: str, version: str, fault: str) -> bool:
        """Whether latency or errors trouble this version."""
        found = self._active.get((model, fault))
        return found is not None and found.version == version

    def saved(self) -> list[Fault]:
        """For `EmbeddedFaults(saved=...)` after a restart."""
        return list(self._active.values())


def _sentence(fault: Fault) -> str:
    words = KINDS[fault.fault].format(model=fault.model, version=fault.version)
    return f"{fault.fault}: {words}, since {fault.since:%-d %b %H:%M} UTC."
