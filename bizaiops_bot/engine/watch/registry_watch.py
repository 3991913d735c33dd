"""What others do in the registry, told once: a version that they registered, an alias that they moved.

What was there at the last look is kept in the store, with the cards in one transaction: a restart neither repeats nor
loses anything, and of several workers one tells it. A model that is looked at for the first time has no news.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.domain.registry_news import (
    Moved,
    News,
    Seen,
    aliases_of,
    compare,
    moved_card,
    registered_card,
    title_of,
)
from bizaiops_bot.domain.rules import Facts, Rule, RuleDecision, decide
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.patience import within
from bizaiops_bot.engine.news import notices
from bizaiops_bot.engine.orders.order import Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.watch.rule_orders import order_of_rule

LONGEST_S = 30.0
"""Of the machine's time, for one question to the registry."""
CANARY = 10
"""Percent, that the card's button asks for."""
OURS = timedelta(days=1)
"""So long after its newest release, an alias that points there was moved by the bot."""
GetFacts = Callable[[sa.Connection, Event, Rule], Facts]


class RegistryWatch:
    """facts: what is known when a rule decides. alone: the policy that lets a rule act without a person."""

    def __init__(
        self,
        core: Core,
        orders: Orders,
        facts: GetFacts,
        alone: Callable[[Rule, str], str | None],
    ) -> None:
        self._core, self._orders, self._facts, self._alone = core, orders, facts, alone

    async def look(self, models: list[str]) -> str:
        """One look at all models; why nothing could be seen, "" where it could."""
        try:
            await self._look(models)
        except BotError as exc:
            log.warning("watch: the registry: %s", exc)
            return exc.what
        return ""

    async def _look(self, models: list[str]) -> None:
        found = await within(LONGEST_S, self._all())
        seen = await self._core.store.read(_seen)
        first = [model for model in models if model not in seen]
        if first:
            await self._write(lambda conn: _begin(conn, self._now, {m: found.get(m, []) for m in first}))
        for model in models:
            if model in seen and (news := compare(seen[model], found.get(model, []))):
                try:
                    await self._tell(model, seen[model], found.get(model, []), news)
                except Exception:  # whatever breaks at one model, the others and the next minute are looked at
                    log.exception("watch: the registry of %s", model)

    async def _all(self) -> dict[str, list[ModelVersion]]:
        return await self._core.ports.registry.all_versions()

    @property
    def _now(self) -> str:
        return t.iso(self._core.clock.now())

    async def _tell(self, model: str, before: Seen, found: list[ModelVersion], news: News) -> None:
        since = t.iso(self._core.clock.now() - OURS)
        moved = await self._core.store.read(lambda conn: _by_others(conn, model, news.moved, since))
        if moved is None:  # a rollout is at work, which moves aliases and tells of it itself
            moved, found = (), [v.model_copy(update={"aliases": ()}) for v in found]
        cards: list[tuple[str, Card, Event]] = []
        if news.by_others:
            newest = await self._in_full(news.by_others[-1])
            event = self._event("version_registered", model, title_of(newest), {"version": newest.version})
            said = await self._ask_rules(event, newest.version)
            serving = await self._serving(model, found)
            others = [v.version for v in news.by_others[:-1]]
            cards.append((newest.version, registered_card(newest, others, serving, CANARY, said), event))
        if moved:
            words = f"{moved[0].alias} of {model} was moved to {moved[0].now}"
            detail = {"version": moved[0].now, "alias": moved[0].alias}
            event = self._event("alias_moved", model, words, detail)
            said = await self._ask_rules(event, _which(moved[0], before))
            cards.append((f"{moved[0].alias}-{self._now}", moved_card(model, moved, said), event))
        await self._write(lambda conn: self._put(conn, model, before, found, cards))

    def _put(
        self,
        conn: sa.Connection,
        model: str,
        before: Seen,
        found: list[ModelVersion],
        cards: list[tuple[str, Card, Event]],
    ) -> None:
        if _seen(conn, model).get(model) != before:
            return  # another worker was first
        _note(conn, self._now, model, before, found)
        for what, card, event in cards:
            self._core.note(conn, "watch", event.kind, model, title=event.title, **event.detail)
            for place in notices.interested(self._core, conn, model):
                notices.put(self._core, conn, f"registry-{model}-{what}-{place}"[:200], card, place)

    def _event(self, kind: Any, model: str, title: str, detail: dict[str, Any]) -> Event:
        now = self._core.clock.now()
        return Event(kind=kind, model=model, at=now, onset=now, title=title, detail=detail)

    async def _in_full(self, version: ModelVersion) -> ModelVersion:
        try:
            return await within(LONGEST_S, self._core.ports.registry.version(version.model, version.version))
        except BotError as exc:  # it is told without its metrics too
            log.warning("watch: %s %s: %s", version.model, version.version, exc)
            return version

    async def _serving(self, model: str, found: list[ModelVersion]) -> ModelVersion | None:
        release = await self._core.ports.records.releases(model, limit=1)
        name = release[0].version if release else aliases_of(found).get("champion")
        return next((v for v in found if v.version == name), None)

    # -- rules -------------------------------------------------------------------------------------

    async def _ask_rules(self, event: Event, what: str) -> str:
        """What they did, in words; "" where there is none for it."""
        said = []
        for rule in self._core.rules:  # those of now: a reload puts others there
            if rule.when != event.kind:
                continue
            facts = await self._core.store.read(lambda conn, r=rule: self._facts(conn, event, r))  # type: ignore[misc]
            decision = decide(rule, event, facts)
            if not decision.act or decision.playbook is None:
                said.append(f"{rule.name}: {decision.reason}.")
                continue
            try:
                run = await self._order(rule, decision, event, what)
            except BotError as exc:
                said.append(f"{rule.name} could not act: {exc}")
            else:
                said.append(f"{rule.name} proposes: {decision.playbook.replace('_', ' ')} (run {run}).")
        return " ".join(said)

    async def _order(self, rule: Rule, decision: RuleDecision, event: Event, what: str) -> int:
        key = f"registry-{event.model}-{what}-{rule.name}"  # killed before it is noted, it finds the run again
        places, by = [Place(self._core.home, "")], self._alone(rule, event.model)
        return await order_of_rule(self._orders, rule, decision, key, places, by)

    async def _write(self, work: Callable[[sa.Connection], object]) -> None:
        """Nothing for a worker that only believes to lead."""
        core = self._core

        def leading_only(conn: sa.Connection) -> None:
            if not core.store.database.shared or workers.leads(conn, core.lead.worker):
                work(conn)

        await core.store.write(leading_only)


def _seen(conn: sa.Connection, model: str | None = None) -> dict[str, Seen]:
    """By model; of one alone where it is named."""
    c = t.registry_seen.c
    query = sa.select(c.model, c.kind, c.name, c.version, c.at)
    rows = conn.execute(query if model is None else query.where(c.model == model)).all()
    versions: dict[str, set[str]] = {row.model: set() for row in rows}
    aliases: dict[str, dict[str, str]] = {row.model: {} for row in rows}
    since: dict[str, dict[str, str]] = {row.model: {} for row in rows}
    for row in rows:
        if row.kind == "version":
            versions[row.model].add(row.name)
        elif row.kind == "alias":
            aliases[row.model][row.name] = row.version
            since[row.model][row.name] = row.at
    return {
        name: Seen(versions=frozenset(known), aliases=aliases[name], since=since[name])
        for name, known in versions.items()
    }


def _which(moved: Moved, before: Seen) -> str:
    """This move and no other between the same versions: told apart by since when the alias was where it is no more.
    Unlike the time of the look, that is the same when a look is repeated after a crash.
    """
    return f"{moved.alias}-{moved.now}-after-{moved.before or 'none'}-{before.since.get(moved.alias, '')}"


def _begin(conn: sa.Connection, at: str, found: dict[str, list[ModelVersion]]) -> None:
    """The first look at these models: what is there is no news."""
    for model in found.keys() - _seen(conn).keys():
        _note(conn, at, model, Seen(), found[model])


def _note(conn: sa.Connection, at: str, model: str, before: Seen, found: list[ModelVersion]) -> None:
    """From now on this is what was seen. The row "look" says that the model was looked at, whatever it had."""
    c = t.registry_seen.c
    now = aliases_of(found)
    rows = [("version", v.version, "") for v in found if v.version not in before.versions and v.state != "pending"]
    rows += [("alias", alias, version) for alias, version in now.items() if before.aliases.get(alias) != version]
    changed = [name for kind, name, _ in rows if kind == "alias" and name in before.aliases]
    if changed:
        conn.execute(sa.delete(t.registry_seen).where(c.model == model, c.kind == "alias", c.name.in_(changed)))
    if not conn.execute(sa.select(c.name).where(c.model == model, c.kind == "look")).first():
        rows.append(("look", "", ""))
    values = [{"model": model, "kind": kind, "name": name, "version": said, "at": at} for kind, name, said in rows]
    if values:
        conn.execute(sa.insert(t.registry_seen), values)


def _by_others(conn: sa.Connection, model: str, moved: tuple[Moved, ...], since: str) -> tuple[Moved, ...] | None:
    """Those that the newest release, if it came after `since`, did not move; None while a run is at work."""
    r, rel = t.runs.c, t.releases.c
    if conn.execute(sa.select(r.id).where(r.model == model, r.status == "running").limit(1)).first():
        return None
    newest = conn.execute(
        sa.select(rel.version, rel.previous, rel.at).where(rel.model == model).order_by(rel.id.desc()).limit(1)
    ).first()
    ours = (
        set() if newest is None or newest.at < since else {("champion", newest.version), ("previous", newest.previous)}
    )
    return tuple(m for m in moved if (m.alias, m.now) not in ours)
