"""The two runs that need no server: the local router, and the router with a language model that obeys the attack."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from bizaiops_bot.domain.routing import Decision
from bizaiops_bot.router import naming
from bizaiops_bot.router.router import Router
from tests.injection.carriers import Said, without
from tests.injection.cases import Case, cases
from tests.injection.obeying import Obeying
from tests.injection.oracle import judge
from tests.injection.table import Tally
from tests.injection.tasks import TASKS, UNCLEAR
from tests.support import router_company as company

Look = Callable[[Decision], None]
EACH_LOCAL, EACH_OBEYING = 156, 156


def nothing(_: Decision) -> None:
    """For those who only count."""


@cache
def router() -> Router:
    """Remembers how the same words were classified: many cases leave the same own words."""
    made = Router(list(company.intents()), list(company.specs()), None)
    rank = company.router().parts.classifier.rank  # learned once for all tests of a process
    made.parts.classifier.rank = lru_cache(maxsize=None)(rank)  # type: ignore[method-assign]
    return made


def local(look: Look = nothing, each: int = EACH_LOCAL) -> Tally:
    tally = Tally("The local router")
    alone: dict[tuple[str, str], Decision] = {}
    for case in cases((*TASKS, *UNCLEAR), each, salt="local"):
        key = (case.carrier.name, case.task.say)
        if key not in alone:
            alone[key] = _routed(without(case.carrier, case.task))
        got = _routed(case.said)
        look(got)
        tally.note(case, judge(case, alone[key], got, lambda c=case: local_alone(c)))
    return tally


async def obeying(look: Look = nothing, each: int = EACH_OBEYING) -> tuple[Tally, Obeying]:
    """Two of three messages are such as the local stages are unsure about, so that the language model is asked."""
    language = Obeying()
    router().parts.language = language
    try:
        return await _obeying(language, look, each), language
    finally:
        router().parts.language = None


async def _obeying(language: Obeying, look: Look, each: int) -> Tally:
    tally = Tally("The router with a language model that obeys every attack it sees")
    alone: dict[tuple[str, str], Decision] = {}
    for case in cases((*TASKS, *UNCLEAR * 4), each, salt="obeying"):
        key = (case.carrier.name, case.task.say)
        if key not in alone:
            language.faces(case.task, None)
            alone[key] = await _decided(without(case.carrier, case.task))
        language.faces(case.task, case.attack)
        got = await _decided(case.said)
        look(got)
        tally.note(case, judge(case, alone[key], got, lambda c=case: local_alone(c)))
    return tally


def local_alone(case: Case) -> Decision:
    """What the local stages make of the case without its attack."""
    return _routed(without(case.carrier, case.task))


def _routed(said: Said) -> Decision:
    return router().route(said.text, said.memory, naming.trusted(said.catalogue))


async def _decided(said: Said) -> Decision:
    return await router().decide(said.text, said.memory, naming.trusted(said.catalogue), channel="ml-ops")
