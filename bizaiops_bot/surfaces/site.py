"""What the web surfaces are given: the desk, and the few things only the start of the program knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from bizaiops_bot.conversation.desk import Desk
from bizaiops_bot.domain.errors import BadInput, NotFound, Refused
from bizaiops_bot.domain.readiness import Report
from bizaiops_bot.ports.faults import Faults

ACTOR_COOKIE = "bizaiops_actor"
SUGGESTIONS = (
    "what models do we have?",
    "status churn",
    "deploy churn v2 as a 10% canary",
    "how did churn do this week?",
    "help",
)

Identify = Callable[[Request], str | None]
"""Who sent this request, from something that cannot be forged (a token, a proxy's header); None for nobody we know."""


def _no_metrics() -> str:
    return ""


async def _always_ready() -> Report:
    return Report()


async def _no_world() -> dict[str, Any]:
    return {}


@dataclass
class Site:
    """One web site of the bot.

    faults: what can be broken on purpose, in the demo. ready: why it is not, and what is told beside.
    world: facts about the embedded world. verify_audit: (intact, one sentence). identify: required for writes
    when `demo` is False; in the demo people name themselves.
    """

    desk: Desk
    demo: bool
    faults: Faults | None = None
    title: str = "BizAIOps"
    time_zone: str = "UTC"
    suggestions: tuple[str, ...] = SUGGESTIONS
    metrics: Callable[[], str] = _no_metrics
    ready: Callable[[], Awaitable[Report]] = _always_ready
    world: Callable[[], Awaitable[dict[str, Any]]] = _no_world
    verify_audit: Callable[[], Awaitable[tuple[bool, str]]] | None = None
    identify: Identify | None = None
    hosts: frozenset[str] = field(default_factory=frozenset)

    def person(self, actor: str) -> str:
        """`actor` itself if it is an account. Raises BadInput with the nearest names."""
        known = [person.id for person in self.desk.people()]
        if actor in known:
            return actor
        hint = NotFound("person", actor[:60], known)
        raise BadInput(hint.what, do=hint.do)

    def acting(self, request: Request, claimed: str | None) -> str:
        """Who this request acts as. Raises Refused when nobody is signed in or someone speaks for another."""
        if self.demo:
            return self.person(claimed or self.viewer(request))
        who = self.identify(request) if self.identify else None
        if who is None:
            raise Refused(
                "You are not signed in.", "Outside the demo a name alone is not enough.", "Sign in, then try again."
            )
        if claimed and claimed != who:
            raise Refused(
                f"You are signed in as {who}, not as {claimed[:60]}.", do=f"Leave the actor out, or send {who!r}."
            )
        return self.person(who)

    def viewer(self, request: Request) -> str:
        """Who looks at the page; in the demo the last account chosen, else the first one. Empty for nobody."""
        people = [person.id for person in self.desk.people()]
        if not self.demo:
            return (self.identify(request) if self.identify else None) or ""
        asked = request.query_params.get("as") or request.cookies.get(ACTOR_COOKIE, "")
        return asked if asked in people else next(iter(people), "")


def site_of(request: Request) -> Site:
    """The site that serves this request."""
    site: Site = request.app.state.site
    return site


SiteDep = Annotated[Site, Depends(site_of)]
