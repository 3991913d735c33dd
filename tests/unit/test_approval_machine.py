"""The approval machine under any interleaving: clicks, time, restarts, people who come, go and lend their voice.

`tests/support/approval_model.py` says what must hold; here the real engine on a real store is held against it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec, Plan
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.engine.approvals import delegations, gates
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from tests.support import stores
from tests.support.approval_model import Company, GateModel, RunModel
from tests.support.gate_room import AT, STAFF, GateRoom, plan_of

T = TypeVar("T")
PEOPLE = ("lead", "sre", "kim", "bob", "ana", "engineer")
MODELS = ("churn", "demand", "fraud")
ENTRIES = sa.select(sa.func.count()).where(t.audit.c.kind == "decision")
NAMED = ("kim", "lead", "bob")
DAY = timedelta(hours=24)

anyone = st.sampled_from((*PEOPLE, "lead", "sre", "kim", "stranger"))
words = st.sampled_from(("approved", "approved", "approved", "rejected"))
plans_seen = st.sampled_from(("none", "current", "current", "prefix", "too short", "old", "foreign"))
gates_seen = st.sampled_from((None, None, "asked", "asked", "approval 1", "approval 2", "approval 9"))
events = st.one_of(st.none(), st.none(), st.integers(0, 3))
quorums = st.sampled_from((1, 2, 2, 3))
which_run = st.sampled_from((0, 0, 0, 1, 2))


@dataclass(frozen=True)
class Click:
    """As it is drawn; what it is bound to is found when it is made."""

    who: str
    word: str
    which: int
    plan: str
    gate: str | None
    event: int | None


clicks = st.builds(Click, anyone, words, which_run, plans_seen, gates_seen, events)


class ApprovalMachine(RuleBasedStateMachine):
    """Three runs at most, two gates each, in one room."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="approvals-"))
        self.room = GateRoom(self.folder / "room")
        self.company = Company({person.id: set(person.roles) for person in STAFF}, AT)
        self.runs: list[RunModel] = []
        self.plans: dict[int, Plan] = {}
        self.answers: dict[tuple[str, int], ClickAnswer] = {}
        self.entries = 0
        self.lending = False

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.room.close()
        stores.drop_company(self.folder / "room")
        self.loop.close()
        shutil.rmtree(self.folder)

    # -- requests and plans ----------------------------------------------------------------------

    @initialize(who=st.sampled_from(("engineer", "lead", "sre")), quorum=quorums, lending=st.booleans())
    def somebody_asks(self, who: str, quorum: int, lending: bool) -> None:
        self.lending = lending  # without it the model knows what becomes of every single click
        self._request(who, quorum, named=False)

    @precondition(lambda self: len(self.runs) < len(MODELS))
    @rule(who=st.sampled_from(("engineer", "lead", "bob")), quorum=quorums, named=st.booleans())
    def another_asks(self, who: str, quorum: int, named: bool) -> None:
        self._request(who, quorum, named=named)

    def _request(self, who: str, quorum: int, *, named: bool) -> None:
        specs = _specs(quorum, named=named)
        by = self.room.people.get(who, Actor(id=who, name=who))
        model = MODELS[len(self.runs)]
        number = self.do(self.room.begin(*specs, by=by, model=model))
        plan = plan_of(*specs, model=model)
        self.plans[number] = plan
        gate = self._gate(who, specs[0])
        self.runs.append(RunModel(number, who, plan.hash, {"approval 1": gate}))

    def _gate(self, requester: str, spec: GateSpec) -> GateModel:
        return GateModel(self.company, requester, spec.quorum, spec.role, spec.people, self.company.now + DAY)

    @rule(which=which_run, quorum=quorums, version=st.integers(3, 99))
    def a_waiting_plan_is_changed(self, which: int, quorum: int, version: int) -> None:
        run = self._run(which)
        if run.gates["approval 1"].state != "open":
            return
        specs = _specs(quorum, named=False)
        made = self.do(self.room.change_plan(run.number, *specs, version=f"v{version}"))
        if made.hash != run.plan_hash:
            run.old_hashes.append(run.plan_hash)
        run.plan_hash, self.plans[run.number] = made.hash, made
        run.gates, run.asks = {"approval 1": self._gate(run.requester, specs[0])}, "approval 1"

    @rule(which=which_run)
    def an_approved_run_goes_on_to_its_second_gate(self, which: int) -> None:
        run = self._run(which)
        if run.asks == "approval 2" or run.gate.state != "approved" or run.cancelled:
            return
        plan = self.plans[run.number]
        self.do(self.room.write(lambda conn: self.room.open(conn, run.number, plan, which=1)))
        run.gates["approval 2"], run.asks = self._gate(run.requester, plan.gates[1]), "approval 2"

    @rule(which=which_run, done=st.booleans(), sure=st.sampled_from((False, False, True)))
    def a_run_is_cancelled(self, which: int, done: bool, sure: bool) -> None:
        run = self._run(which)
        if not sure:
            return  # else most runs would end so, and nothing else be seen of them
        run.cancelled = True

        def work(conn: sa.Connection) -> None:
            runs.ask_cancel(conn, run.number)
            if done:
                gates.close(conn, run.number, run.asks, "cancelled")

        self.do(self.room.write(work))
        if done and run.gate.state == "open":
            run.gate.state = "cancelled"

    # -- people, time and restarts ---------------------------------------------------------------

    @rule(
        who=st.sampled_from(("lead", "sre", *PEOPLE)),
        roles=st.sampled_from((*[("approver",)] * 3, ("engineer",), ("analyst",))),
    )
    def roles_change(self, who: str, roles: tuple[str, ...]) -> None:
        self.room.give(who, *roles)
        self.company.roles[who] = set(roles)

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_leaves(self, who: str) -> None:
        self.room.people.pop(who, None)
        self.company.roles.pop(who, None)

    @precondition(lambda self: self.lending)
    @rule(owner=st.sampled_from(PEOPLE), delegate=st.sampled_from(PEOPLE), hours=st.sampled_from((1, 24, 72)))
    def a_voice_is_lent(self, owner: str, delegate: str, hours: int) -> None:
        if owner == delegate:
            return
        self.do(self.room.delegates(owner, delegate, hours))
        self.company.lends(owner, delegate, self.company.now + timedelta(hours=hours))

    @precondition(lambda self: self.lending)
    @rule(owner=st.sampled_from(PEOPLE))
    def a_voice_is_taken_back(self, owner: str) -> None:
        try:
            self.do(self.room.write(lambda conn: delegations.end(conn, owner, None, now=self.company.now)))
            ended = True
        except BotError:
            ended = False
        assert ended == self.company.takes_back(owner)

    @rule(hours=st.sampled_from((1, 5, 23, 24, -1, -30)))
    def time_passes_or_the_clock_is_set_back(self, hours: int) -> None:
        self.company.now += timedelta(hours=hours)
        self.room.clock._now = self.company.now

    @rule(which=which_run)
    def the_engine_looks_at_a_waiting_run(self, which: int) -> None:
        run = self._run(which)
        late = self.do(self.room.write(lambda conn: gates.close_expired(conn, run.number, self.company.now)))
        assert late == self._expires(run)

    @rule()
    def the_bot_restarts(self) -> None:
        self.room = self.room.reopened()

    # -- clicks ----------------------------------------------------------------------------------

    @rule(click=clicks)
    def somebody_clicks(self, click: Click) -> None:
        self._crowd([click])

    @rule(click=clicks)
    def the_same_person_clicks_twice(self, click: Click) -> None:
        self._crowd([click, click])

    @rule(crowd=st.lists(clicks, min_size=3, max_size=6))
    def several_click_at_once(self, crowd: list[Click]) -> None:
        self._crowd(crowd)

    @rule(which=which_run, crowd=st.permutations(("lead", "sre", "kim", "bob")), size=st.integers(1, 4))
    def some_approve_what_they_see(self, which: int, crowd: list[str], size: int) -> None:
        self._crowd([_yes(who, which) for who in crowd[:size]])

    @rule(which=which_run)
    def those_who_have_approved_do_it_again(self, which: int) -> None:
        self._crowd([_yes(who, which) for who in sorted(self._run(which).gate.said)])

    @rule(which=which_run, who=st.sampled_from(("lead", "sre", "kim")), again=st.booleans())
    def another_approves_while_those_before_have_lost_their_role(self, which: int, who: str, again: bool) -> None:
        said = sorted(self._run(which).gate.said.keys() - {who})
        for one in said:
            self.roles_change(one, ("analyst",))
        self._crowd([_yes(who, which)])
        for one in said:
            self.roles_change(one, ("approver",))
        self._crowd([_yes(one, which) for one in said if again])

    @precondition(lambda self: self.lending)
    @rule(which=which_run, owner=st.sampled_from(("lead", "sre")), delegate=st.sampled_from(("bob", "ana", "kim")))
    def an_approver_and_his_delegate_both_approve(self, which: int, owner: str, delegate: str) -> None:
        self.a_voice_is_lent(owner, delegate, 24)
        self._crowd([_yes(owner, which), _yes(delegate, which)])

    def _crowd(self, crowd: list[Click]) -> None:
        """All at once; the store takes them in this order, so that each can be held against the model."""
        bound = [(click, run, self._bound(click, run)) for click in crowd for run in [self._run(click.which)]]

        async def all_of_them() -> list[ClickAnswer]:
            return list(await asyncio.gather(*(self.room.decides(c.who, r.number, c.word, **b) for c, r, b in bound)))

        for (click, run, about), answer in zip(bound, self.do(all_of_them()), strict=True):
            self._answered(click, run, about, answer)
        found = self.do(self.room.core.store.read(lambda conn: conn.execute(ENTRIES).scalar_one()))
        assert found == self.entries, "every click has exactly one entry"

    def _bound(self, click: Click, run: RunModel) -> dict[str, Any]:
        others = [other.plan_hash for other in self.runs if other.plan_hash != run.plan_hash]
        hashes = {
            "none": None,
            "current": run.plan_hash,
            "prefix": run.plan_hash[:12],
            "too short": run.plan_hash[:11],
            "old": (run.old_hashes or ["0" * 64])[-1],
            "foreign": (others or ["f" * 64])[0],
        }
        gate = run.asks if click.gate == "asked" else click.gate
        event = None if click.event is None else f"{click.who}/{click.event}"
        return {"plan_hash": hashes[click.plan], "gate": gate, "event": event}

    def _answered(self, click: Click, run: RunModel, about: dict[str, Any], answer: ClickAnswer) -> None:
        assert answer.message, "every click has an answer"
        if click.event is not None:
            known = self.answers.setdefault((click.who, click.event), answer)
            if known is not answer:
                assert answer == known, "the same click is answered as before"
                return
        self.entries += 1
        self._expires(run)
        gate = run.gate
        meant = gate.state == "open" and not run.cancelled and run.seen_plan(about["plan_hash"], about["gate"])
        meant = meant and about["gate"] in (None, run.asks)
        foreseen = gate.foresee(click.who, click.word) if meant else "refused"
        assert foreseen == "depends" or answer.accepted == (foreseen == "counts"), (foreseen, answer.message)
        if answer.accepted:
            gate.said[click.who] = click.word
            self._counted(click, gate, answer)

    def _counted(self, click: Click, gate: GateModel, answer: ClickAnswer) -> None:
        """The answer tells the outcome; that it is the true one, `nothing_is_otherwise_than_told` looks up."""
        if click.word == "rejected":
            assert answer.message.endswith("is rejected."), "one veto rejects"
            gate.state = "rejected"
        elif answer.message.endswith("is approved and goes on."):
            assert gate.voices() >= gate.quorum, "as many people as the quorum, who may at this moment"
            assert gate.requester not in gate.said, "the requester is none of them"
            gate.state = "approved"
        else:
            assert self.company.lent or gate.voices() < gate.quorum, "nobody is asked for more than the quorum"

    # -- what holds at any time ------------------------------------------------------------------

    @invariant()
    def nothing_is_otherwise_than_told(self) -> None:
        for run, found in zip(self.runs, self.do(self.room.core.store.read(self._stored)), strict=True):
            kept = {name: (gate.state, gate.quorum) for name, gate in run.gates.items()}
            assert found == kept, "closed gates stay as they are, and no quorum gets lower"

    def _stored(self, conn: sa.Connection) -> list[dict[str, tuple[str, int]]]:
        seen = [gates.look(conn, run.number) for run in self.runs]
        return [{g["name"]: (g["state"], g["quorum"]) for g in one.gates} for one in seen if one is not None]

    @rule(which=which_run)
    def what_was_approved_is_counted_once_more_before_it_is_done(self, which: int) -> None:
        run = self._run(which)
        still = self.do(self.room.still_approved(run.number, run.asks))
        assert not still or (run.gate.state == "approved" and run.gate.voices() >= run.gate.quorum)
        if not self.company.lent:
            assert still == (run.gate.state == "approved" and run.gate.voices() >= run.gate.quorum)

    @rule()
    def decisions_on_an_older_plan_are_not_on_the_present_one(self) -> None:
        for run in self.runs:
            shown = self.do(self.room.records.run(run.number)).decisions
            assert {(d.gate, d.actor, d.decision) for d in shown} == {
                (name, who, word) for name, gate in run.gates.items() for who, word in gate.said.items()
            }

    def _run(self, which: int) -> RunModel:
        return self.runs[which % len(self.runs)]

    def _expires(self, run: RunModel) -> bool:
        """Somebody looks at the run: whether that ends its open gate."""
        late = run.gate.state == "open" and self.company.now >= run.gate.expires
        if late:
            run.gate.state = "expired"
        return late


def _yes(who: str, which: int) -> Click:
    return Click(who, "approved", which, "current", "asked", None)


def _specs(quorum: int, *, named: bool) -> tuple[GateSpec, GateSpec]:
    role, people = ("owner", NAMED) if named else ("approver", ())
    first = GateSpec(name="approval 1", question="Canary?", quorum=quorum, role=role, people=people)
    return first, GateSpec(name="approval 2", question="All traffic?", quorum=1)


class TestApprovals(ApprovalMachine.TestCase):  # type: ignore[misc, name-defined]
    """Fewer on PostgreSQL, where every example has to make a database."""

    settings = settings(
        max_examples=150 if stores.KIND == "sqlite" else 25,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
