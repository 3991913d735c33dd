"""Where models are served: staging, production."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.values import Value


class Environment(Value):
    """One of them, as adapters, gates and the router need it.

    aliases: more words that people say for it. cluster: as their tools call it, "" for the one that the bot runs in.
    namespace: where services are that name none. quorum: how many people must agree to a change, 0 for nobody, None as
    the playbook says. canary: percent of a canary when nobody says one, strategy: how versions come to all traffic
    when nobody says it, None as the playbook says. channel: gets its
    alerts, "" for none of its own.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    cluster: str = ""
    namespace: str = ""
    quorum: int | None = None
    canary: int | None = None
    strategy: str | None = None
    channel: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All that people may call it, lower-case, each once."""
        return tuple(dict.fromkeys(map(str.lower, (self.name, self.title, *self.aliases))))

    def asks(self, *, safety: bool) -> int | None:
        """How many must agree here, None for as many as the playbook says; what makes things safe waits for no more."""
        return None if safety and self.quorum else self.quorum


def spoken_service(model: str, environment: str | None) -> str:
    """ "churn" in the environment that is meant where nobody names one (None), "churn in staging" elsewhere.

    The engine's own records (runs, alerts, releases, timers) go by it, so that each service has its own.
    """
    return model if environment is None else f"{model} in {environment}"


def parted(service: str) -> tuple[str, str | None]:
    """The model and the environment of what `spoken_service` said."""
    model, _, environment = service.partition(" in ")
    return model, environment or None


def service_said(inputs: Mapping[str, Any]) -> str | None:
    """The service that a playbook's inputs are about, as `spoken_service` has it; None for those about no model."""
    model = inputs.get("model")
    return None if model is None else spoken_service(str(model), inputs.get("environment"))


def inputs_about(service: str) -> dict[str, str]:
    """What names a service to a playbook, and to policy."""
    model, environment = parted(service)
    return {"model": model} | ({"environment": environment} if environment else {})


class Environments:
    """All of the company, the one that is meant where nobody names one first."""

    def __init__(self, known: Sequence[Environment]) -> None:
        self.known = tuple(known)

    @property
    def default(self) -> Environment:
        return self.known[0]

    def named(self, word: str) -> Environment:
        """The one that people call so. Raises NotFound with the names that there are."""
        for one in self.known:
            if word.lower() in one.words:
                return one
        raise NotFound("environment", word, [one.name for one in self.known])

    def told(self, now: Sequence[Environment]) -> Environments:
        """The same ones with what is said of them now; adapters keep the places that they were built with."""
        said = {one.name: one for one in now}
        kept = {"cluster", "namespace"}
        return Environments(
            [said.get(one.name, one).model_copy(update=one.model_dump(include=kept)) for one in self.known]
        )

    def at(self, name: str | None) -> Environment:
        """The one called `name`, the default for None. One that is not known any more asks for what playbooks ask."""
        if name is None:
            return self.default
        return next((one for one in self.known if one.name == name), Environment(name=name, title=name))
