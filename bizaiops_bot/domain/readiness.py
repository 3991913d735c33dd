"""Whether a part of the bot could do its work now."""

from __future__ import annotations

from pydantic import Field

from bizaiops_bot.domain.values import Value


class Readiness(Value):
    """What `bizaiops doctor`, /readyz and the start tell of one adapter.

    says: which system it is and how it is there, or what is wrong and why; never with a secret. do: what helps.
    """

    ok: bool
    says: str
    do: str = ""


class Report(Value):
    """problems: why requests should go to another bot, by part; with none of them this one is ready. ports: how what
    stands behind each port is, told beside, as a bot whose vendors are away still answers, plans and rolls back what it
    can.
    """

    problems: dict[str, str] = Field(default_factory=dict)
    ports: dict[str, Readiness] = Field(default_factory=dict)
