"""The watch: looks at every model each minute, opens and closes alerts, lets rules propose or act."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from bizaiops_bot.bot_api.observed import series_of
from bizaiops_bot.domain.environments import inputs_about
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.health import HealthVerdict
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.notices import repeat_words
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.domain.rules import Facts, Rule, RuleDecision, decide
from bizaiops_bot.domain.suspects import fresh
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.engine.approvals.first import only_waits
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.patience import Late, within
from bizaiops_bot.engine.news import mutes, notices, waiting_news
from bizaiops_bot.engine.orders.order import Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_alert
from bizaiops_bot.engine.timing import frozen_now
from bizaiops_bot.engine.watch import causes, kept
from bizaiops_bot.engine.watch.alert_card import CHARTS, chart_window, draw_alert
from bizaiops_bot.engine.watch.alert_words import AlertWords
from bizaiops_bot.engine.watch.findings import Examiner, Findings
from bizaiops_bot.engine.watch.places import elsewhere, holds_for
from bizaiops_bot.engine.watch.registry_watch import RegistryWatch
from bizaiops_bot.engine.watch.rule_orders import order_of_rule

T = TypeVar("T")
CALM_LOOKS = 2
AT_ONCE = 8
"""Models that are read at the same time."""
LONGEST_S = 30.0
"""Of the machine's time, for one model and for their list: the watch does not wait for what hangs."""
LOOK_S = 50.0
"""For all models together; those not reached by then come first in the next look."""
CHART_S = 5.0
"""For the chart of one alert."""
# The embedded world closes its minute on the minute; a little later its numbers are complete.
AFTER_MINUTE = timedelta(seconds=10)
LOOKED_AT = "the rules are asked"
LEFT = "nothing more is done by itself: a person has to look"


class Watch:
    """One loop for all models."""

    def __init__(self, core: Core, orders: Orders, rules: list[Rule]) -> None:
        self._core, self._orders = core, orders
        core.rules = rules
        self._examiner = Examiner(lambda: core.ports)
        self._words = AlertWords(core, self.redraw)
        self._registry = RegistryWatch(core, orders, self._facts, self._alone)
        self._hung: set[str] = set()
        self._no_charts = False

    async def run(self) -> None:
        """Until cancelled; once a minute of the bot's clock."""
        clock = self._core.clock
        while True:
            minute = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
            await clock.sleep_until(minute + AFTER_MINUTE)
            if self._core.lead.leading:
                with self._core.activity.working():
                    await self._look_safely()

    async def _look_safely(self) -> None:
        """Whatever breaks in one look, there is another one the next minute."""
        try:
            await self.look()
        except Exception as exc:
            log.exception("watch: a look broke")
            with suppress(BotError):
                await self._not_seen(
                    f"The last look broke: {exc.what if isinstance(exc, BotError) else type(exc).__name__}"
                )

    async def look(self) -> None:
        """One look at every model: read some at a time, told one after the other."""
        self._no_charts = False
        try:
            models = await within(LONGEST_S, self._core.ports.models.specs())
            names = [model.name for model in models]
            models += await within(LONGEST_S, elsewhere(self._core, models))
        except BotError as exc:
            log.warning("watch: %s", exc)
            await self._not_seen(f"Nothing is watched: {exc.what}")
            return
        # What hung goes last: it must not keep the others from being looked at.
        models = sorted(models, key=lambda model: model.name in self._hung)
        now, free = self._core.clock.now(), asyncio.Semaphore(AT_ONCE)
        end = asyncio.get_running_loop().time() + LOOK_S
        before = await self._core.store.read(kept.unwell)
        seen = await asyncio.gather(*(self._examine(m, now, before.get(m.name), free, end) for m in models))
        blind = {model.name: found.unread[0] for model, found in zip(models, seen, strict=True) if found.unread}
        told = " ".join(f"{model}: {why}" for model, why in blind.items())
        unseen = [f"Not everything could be looked at in the last minute. {told}"] if blind else []
        for model, found in zip(models, seen, strict=True):
            await self._tell(model.name, found, before)
        if unread := await self._registry.look(names):
            unseen.append(f"The registry was not read: {unread}")
        await self._not_seen(" ".join(unseen))

    async def problems(self) -> dict[str, str]:
        """What the last look could not see, whichever worker looked, for those who ask how the bot is."""
        unseen = await self._core.store.read(kept.unseen)
        return {"watch": unseen} if unseen else {}

    async def _not_seen(self, words: str) -> None:
        if words != await self._core.store.read(kept.unseen):
            await self._write(lambda conn: kept.keep_unseen(conn, words))

    async def _write(self, work: Callable[[sa.Connection], T]) -> T:
        """Raises Conflict for a worker that does not lead any more."""

        def leading_only(conn: sa.Connection) -> T:
            kept.require_lead(self._core, conn)
            return work(conn)

        return await self._core.store.write(leading_only)

    async def _examine(
        self, model: ModelSpec, now: datetime, before: HealthVerdict | None, free: asyncio.Semaphore, end: float
    ) -> Findings:
        """What cannot be read judges nothing: the other models are looked at, and this one the next minute again."""
        try:
            async with asyncio.timeout_at(end), free:
                self._hung.add(model.name)  # until it answers
                found = await within(LONGEST_S, self._examiner.examine(model, now, before))
                self._hung.discard(model.name)
                return found
        except TimeoutError:
            why = f"Not reached: the look was over after {LOOK_S:g} s."
        except Late as exc:
            why = exc.what
        except BotError as exc:
            self._hung.discard(model.name)
            why = exc.what
        log.warning("watch: %s: %s", model.name, why)
        return Findings(unread=(why,))

    async def _tell(self, model: str, found: Findings, before: Mapping[str, HealthVerdict]) -> None:
        try:
            if (now := found.health) is not None and kept.changed(before, model, now):
                await self._write(lambda conn: kept.keep(conn, model, now))
            for event in found.events:
                await self._open(event)
            await self._close_calm(model, found)
        except BotError as exc:
            log.warning("watch: %s: %s", model, exc)
        except Exception:  # whatever breaks at one model and minute, the others and the next are looked at
            log.exception("watch: %s", model)

    # -- opening -----------------------------------------------------------------------------------

    async def _open(self, event: Event) -> None:
        alert, note = await self._write(lambda conn: self._find_or_add(conn, event))
        if alert.run is None:
            said = await self._react(alert, event)
        else:
            said = await self._how_it_went(alert.run, note)
        if said != note:
            await self._redraw(alert.id, said)
        if note is None:
            self._words.soon(alert)

    async def _how_it_went(self, run: int, note: str | None) -> str:
        """What the alert says of its run: a proposal that came to nothing leaves the alert to people, and says so."""
        status = await self._core.store.read(
            lambda conn: conn.execute(sa.select(t.runs.c.status).where(t.runs.c.id == run)).scalar()
        )
        told = note or f"run {run} was begun for it"  # without a note: killed between the run and this card
        if status not in ("failed", "rejected", "expired", "cancelled") or LEFT in told:
            return told
        return f"{told}; run {run} is {status}, {LEFT}"

    def _find_or_add(self, conn: sa.Connection, event: Event) -> tuple[Alert, str | None]:
        """The open alert of this kind, or a new one; with the note it shows, None for a new one."""
        open_one = sa.select(t.alerts).where(
            t.alerts.c.model == event.model, t.alerts.c.kind == event.kind, t.alerts.c.closed.is_(None)
        )
        row = conn.execute(open_one).mappings().first()
        if row is not None:
            conn.execute(sa.update(t.alerts).where(t.alerts.c.id == row["id"]).values(calm=0))
            return as_alert(row), row["note"]
        detail = causes.explained(conn, event, self._core.clock.now())
        key = conn.execute(
            sa.insert(t.alerts).values(
                model=event.model,
                kind=event.kind,
                title=event.title,
                detail=json.dumps(detail),
                onset=t.iso(event.onset),
                detected=t.iso(event.at),
                calm=0,
                repeats=self._repeated(conn, event),
            )
        ).inserted_primary_key
        assert key is not None
        self._core.note(
            conn, "watch", "alert", event.model, alert=key[0], event=event.kind, title=event.title, onset=event.onset
        )
        return as_alert(conn.execute(sa.select(t.alerts).where(t.alerts.c.id == key[0])).mappings().one()), None

    def _repeated(self, conn: sa.Connection, event: Event) -> int | None:
        """The alert of the same kind that came a while ago, whose cards are edited instead of new ones posted."""
        same = sa.select(t.alerts.c.id, t.alerts.c.detected).where(
            t.alerts.c.model == event.model, t.alerts.c.kind == event.kind, t.alerts.c.repeats.is_(None)
        )
        first = conn.execute(same.order_by(t.alerts.c.id.desc()).limit(1)).first()
        if first is None or not self._core.notices.repeats(datetime.fromisoformat(first.detected), event.at):
            return None
        return int(first.id)

    async def _react(self, alert: Alert, event: Event) -> str:
        """Asks every rule; returns what the alert says about it: what is done, else why nothing is."""
        done: list[str] = []
        unmet: list[str] = []
        for rule in (rule for rule in self._core.rules if holds_for(self._core, rule, event.model)):
            facts = await self._core.store.read(lambda conn, r=rule: self._facts(conn, event, r))  # type: ignore[misc]
            decision = decide(rule, event, facts)
            if decision.applies:
                done.append(await self._follow(alert, event, rule, decision))
            elif rule.when == event.kind:
                unmet.append(f"{rule.name}: {decision.reason}")
        return "; ".join(done or unmet) or "no rule for this; a person has to look"

    async def _follow(self, alert: Alert, event: Event, rule: Rule, decision: RuleDecision) -> str:
        paged = f"the {decision.page} is asked to look" if decision.page else ""
        if not decision.act or decision.playbook is None:
            held = "" if rule.playbook is None else f"{rule.name}: {decision.reason}"
            return "; ".join(part for part in (paged, held) if part)
        try:
            number = await self._order(alert, rule, decision)
        except BotError as exc:
            return f"{rule.name} could not act: {exc}"
        verb = "acts by policy" if decision.mode == "auto" else "proposes"
        return (
            f"{rule.name} {verb}: {decision.playbook.replace('_', ' ')} (run {number}){f'; {paged}' if paged else ''}"
        )

    async def _order(self, alert: Alert, rule: Rule, decision: RuleDecision) -> int:
        now = self._core.clock.now()
        told = await self._core.store.write(lambda conn: notices.audience(self._core, conn, alert, now))
        places = [Place(c, notices.alert_card(alert, c)) for c in told]
        key, by = f"alert-{alert.id}-{rule.name}", self._alone(rule, alert.model)
        return await order_of_rule(self._orders, rule, decision, key, places, by, alert=alert.id)

    def _alone(self, rule: Rule, model: str) -> str | None:
        """The policy that lets the rule act without a person, None when a person has to approve."""
        if rule.mode != "auto":
            return None
        actor = Actor(id=f"rule:{rule.name}", name=rule.name, kind="rule")
        allowed = self._core.policy.may(actor, "unattended", playbook=rule.playbook or "", **inputs_about(model))
        return allowed.rule if allowed.ok else None

    def _facts(self, conn: sa.Connection, event: Event, rule: Rule) -> Facts:
        acted = sa.select(t.runs.c.created).where(
            t.runs.c.model == event.model, t.runs.c.actor.like(f'%"rule:{rule.name}"%'), t.runs.c.status != "cancelled"
        )
        return Facts(
            now=self._core.clock.now(),
            release=causes.last_release(conn, event.model),
            open_runs=tuple(
                int(row["id"]) for row in runs.open_of(conn, event.model) if self._holds_back(conn, row, rule)
            ),
            acted=tuple(datetime.fromisoformat(at) for at in conn.execute(acted).scalars()),
            frozen=frozen_now.why(self._core, conn, event.model),
            change=next((c.words for c in fresh(causes.recent_changes(conn, event.model), event.onset)[:1]), ""),
        )

    def _holds_back(self, conn: sa.Connection, run: sa.RowMapping, rule: Rule) -> bool:
        """Whether the rule waits for the run. Safety goes first: only what makes the model safe already holds it back,
        or, where the rule may not act alone, what is at work. A mere proposal takes no safety order's place.
        """
        if rule.playbook is None or not self._core.playbooks.get(rule.playbook).safety:
            return run["status"] == "running" or runs.actor_of(run).kind != "rule"
        safe, proposes = self._core.playbooks.get(run["playbook"]).safety, self._alone(rule, run["model"]) is None
        return safe and proposes if only_waits(conn, run) else safe or proposes

    # -- closing -----------------------------------------------------------------------------------

    async def _close_calm(self, model: str, found: Findings) -> None:
        """An alert ends when its kind was judged and not found twice in a row; its unapproved proposal is withdrawn."""
        present = {event.kind for event in found.events}

        def work(conn: sa.Connection) -> list[tuple[int, int | None, str]]:
            ended = []
            query = sa.select(t.alerts).where(t.alerts.c.model == model, t.alerts.c.closed.is_(None))
            for row in conn.execute(query).mappings().all():
                if row["kind"] in present or row["kind"] not in found.judged or self._at_work(conn, row["run_id"]):
                    continue
                calm = int(row["calm"]) + 1
                values: dict[str, Any] = {"calm": calm}
                if calm >= CALM_LOOKS:
                    values["closed"] = t.iso(self._core.clock.now())
                    self._core.note(conn, "watch", "alert_closed", model, alert=row["id"], event=row["kind"])
                    ended.append((int(row["id"]), row["run_id"], row["note"]))
                conn.execute(sa.update(t.alerts).where(t.alerts.c.id == row["id"]).values(values))
            return ended

        for number, run, note in await self._write(work):
            withdrawn = await self._withdraw(run)
            await self._redraw(number, note + withdrawn)

    def _at_work(self, conn: sa.Connection, run: int | None) -> bool:
        """A run that is changing the model has the last word; one that still waits for approval has not begun."""
        if run is None:
            return False
        return bool(conn.execute(sa.select(t.runs.c.status).where(t.runs.c.id == run)).scalar() == "running")

    async def _withdraw(self, run: int | None) -> str:
        if run is None:
            return ""
        record = await self._core.store.read(lambda conn: runs.get(conn, run))
        if record.status != "waiting":
            return ""
        await self._core.ports.controls.cancel(run, actor="watch")
        return f"; run {run} was not needed any more and is withdrawn"

    # -- cards -------------------------------------------------------------------------------------

    async def _redraw(self, number: int, note: str) -> None:
        await self._core.store.write(
            lambda conn: conn.execute(sa.update(t.alerts).where(t.alerts.c.id == number).values(note=note))
        )
        await self.redraw(number)

    async def redraw(self, number: int, *, released: bool = False) -> None:
        """Draws the cards that the alert shares with those that repeat it, as the newest of them stands now.

        released: what held it back everywhere is over.
        """
        alert = await self._core.store.read(lambda conn: as_alert(mutes.alert_named(conn, number)))
        series = await self._series(alert)

        def work(conn: sa.Connection) -> None:
            now = self._core.clock.now()
            row = mutes.alert_named(conn, number)
            mute = mutes.of(conn, as_alert(row), now)
            card = draw_alert(
                as_alert(row),
                row["note"] or LOOKED_AT,
                series,
                repeats=_repeats(conn, row),
                mute=mute,
                time_zone=self._core.time_zone,
            )
            waiting_news.show_alert(self._core, conn, as_alert(row), card, now, released=released)

        await self._core.store.write(work)

    async def _measured(self, model: str, metric: str, start: datetime, end: datetime, points: int) -> Any:
        ports = self._core.ports
        return await series_of(ports, await ports.records.service(model), metric, start, end, points)

    async def _series(self, alert: Alert) -> Any:
        metric = CHARTS.get(alert.kind, ("latency_p95_ms", "", "", 1))[0]
        start, end, points = chart_window(alert, self._core.clock.now())
        why = "not asked, as the chart before it had no answer"
        if not self._no_charts:
            try:
                return await within(CHART_S, self._measured(alert.model, metric, start, end, points))
            except BotError as exc:  # an alert is told without its chart too
                why, self._no_charts = str(exc), isinstance(exc, Late)
        return NoData(query=metric, window="the time of the alert", searched=why)


def _repeats(conn: sa.Connection, newest: sa.RowMapping) -> str:
    """ "4th time in 25 min, last at 14:20 UTC"."""
    if newest["repeats"] is None:
        return ""
    a = t.alerts.c
    shared = sa.select(sa.func.count(), sa.func.min(a.detected)).where(
        sa.or_(a.id == newest["repeats"], a.repeats == newest["repeats"])
    )
    count, first = conn.execute(shared).one()
    return repeat_words(count, datetime.fromisoformat(first), datetime.fromisoformat(newest["detected"]))
