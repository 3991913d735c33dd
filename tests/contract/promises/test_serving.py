"""Serving: traffic is what is reported, a key works once, a change that was planned on another state is refused, what
was there comes back as it was, and a system that fails never halves a change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound, Permanent, Temporary
from bizaiops_bot.domain.services import TrafficState
from tests.contract.promises.serving_changes import canary, paused, promoted, resumed, rolled_back, scaled
from tests.contract.stands import STANDS
from tests.contract.stands.stand import ServingStand, over, told_in_our_words

stand = over(STANDS["serving"])
apart = over([kind for kind in STANDS["serving"] if getattr(kind, "apart", False)])
Write = Callable[[], Awaitable[TrafficState]]


async def test_every_service_can_be_asked_for_its_traffic(stand: ServingStand) -> None:
    services = await stand.port.services()

    assert {service.model for service in services} == {stand.model, stand.other}
    for service in services:
        assert (await stand.port.traffic(service)).service == service


async def test_at_the_start_the_first_version_gets_everything(stand: ServingStand) -> None:
    state = await stand.port.traffic(stand.service)

    assert state.weights == {stand.first: 100} == stand.served()
    assert (state.stable, state.canary) == (stand.first, None)
    assert state.settled and not state.problem and not state.unready


async def test_a_canary_takes_its_share_from_the_stable_version(stand: ServingStand) -> None:
    state = await canary(stand, 10)

    assert state.weights == {stand.first: 90, stand.second: 10}
    assert (state.stable, state.canary) == (stand.first, stand.second)


async def test_what_is_read_after_a_write_has_settled_is_what_requests_go_by(stand: ServingStand) -> None:
    for change in (canary, promoted, rolled_back, lambda s: scaled(s, 3), paused, resumed):
        state = await change(stand)

        read = await stand.port.traffic(stand.service)
        assert state.model_copy(update={"read_at": read.read_at}) == read
        assert state.weights == stand.served()


async def test_a_write_returns_at_once_and_requests_go_as_before_until_it_has_settled(stand: ServingStand) -> None:
    guard = await stand.generation()

    state = await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")

    if not state.settled:
        assert state.weights == {stand.first: 100} == stand.served(), "what was asked for was told as done"
        assert stand.second in state.unready
    assert (await stand.settled(state)).weights == {stand.first: 90, stand.second: 10} == stand.served()


async def test_the_same_write_while_it_is_under_way_changes_nothing_and_tells_how_far_it_is(
    stand: ServingStand,
) -> None:
    guard = await stand.generation()
    first = await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")

    again = await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")

    assert (again.generation, again.settled, again.weights) == (first.generation, first.settled, first.weights)


async def test_a_canary_of_everything_leaves_the_stable_version_without_requests(stand: ServingStand) -> None:
    state = await canary(stand, 100)

    assert state.weights == {stand.second: 100} == stand.served()
    assert (state.stable, state.canary) == (stand.first, stand.second)


async def test_promotion_makes_the_canary_stable_and_the_old_version_idle(stand: ServingStand) -> None:
    await canary(stand)

    state = await promoted(stand)

    assert state.weights == {stand.second: 100}
    assert {r.version: r.role for r in state.revisions} == {stand.second: "stable", stand.first: "idle"}


async def test_a_roll_back_removes_the_canary_and_ends_a_pause(stand: ServingStand) -> None:
    await canary(stand)
    await paused(stand)

    state = await rolled_back(stand)

    assert (state.weights, state.canary, state.paused) == ({stand.first: 100}, None, False)


async def test_a_paused_model_answers_nothing_and_resumes_as_it_was(stand: ServingStand) -> None:
    await canary(stand, 25)

    state = await paused(stand)

    assert state.paused
    assert state.weights == {} == stand.served()
    assert (await resumed(stand)).weights == {stand.first: 75, stand.second: 25}


async def test_a_paused_model_takes_no_canary_and_no_promotion(stand: ServingStand) -> None:
    await paused(stand)

    with pytest.raises(Conflict, match=f"resume {stand.model}"):
        await canary(stand)
    with pytest.raises(Conflict):
        await promoted(stand)

    assert (await resumed(stand)).weights == {stand.first: 100}


async def test_two_revisions_of_one_version_are_added_up(apart: ServingStand) -> None:
    await apart.twice(apart.first)

    state = await canary(apart, 10)

    of_first = [r.weight for r in state.revisions if r.version == apart.first and r.weight]
    assert len(of_first) == 2 and all(of_first)
    assert state.weights == {apart.first: 90, apart.second: 10}
    assert state.spoken() == f"{apart.first} 90%, {apart.second} 10%"


async def test_a_revision_whose_version_nobody_knows_is_told_by_its_own_name(apart: ServingStand) -> None:
    await canary(apart, 10)
    await apart.forget(apart.first)

    state = await apart.port.traffic(apart.service)

    (name,) = [r.name for r in state.revisions if r.role == "stable"]
    assert state.stable_version is None and state.stable == name
    assert state.weights == {name: 90, apart.second: 10}


async def test_a_revision_that_cannot_get_ready_says_why(apart: ServingStand) -> None:
    await apart.spoil(apart.second, "the storage has no such model")
    guard = await apart.generation()

    state = await apart.port.set_canary(apart.service, apart.second, 10, guard=guard, key="7/1")

    assert not state.settled and "the storage has no such model" in state.problem
    assert state.weights == {apart.first: 100} == apart.served()


async def test_every_change_is_another_generation_and_a_look_is_none(stand: ServingStand) -> None:
    seen = [await stand.generation()]
    for change in (canary, promoted, rolled_back, lambda s: scaled(s, 3), paused, resumed):
        await change(stand)
        seen.append(await stand.generation())
        await stand.port.snapshot(stand.service)
        assert await stand.generation() == seen[-1]

    assert len(set(seen)) == len(seen)


async def test_a_change_that_was_planned_on_another_state_is_refused_and_says_how_it_is(stand: ServingStand) -> None:
    port, service, old = stand.port, stand.service, await stand.generation()
    await canary(stand, 25)
    await scaled(stand, 3)
    for change in (
        lambda: port.set_canary(service, stand.second, 50, guard=old, key="9/1"),
        lambda: port.promote(service, stand.second, guard=old, key="9/2"),
        lambda: port.scale(service, 5, 5, guard=old, key="9/3"),
        lambda: port.resume(service, guard=old, key="9/4"),
    ):
        with pytest.raises(Conflict, match=f"{stand.first} 75%, {stand.second} 25%, 3 replicas"):
            await change()

    state = await port.traffic(service)
    assert (state.weights, state.replicas.most) == ({stand.first: 75, stand.second: 25}, 3)


async def test_a_retry_is_not_refused_for_what_it_changed_itself(stand: ServingStand) -> None:
    guard = await stand.generation()
    await stand.settled(await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1"))

    state = await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")

    assert state.weights == {stand.first: 90, stand.second: 10}


async def test_a_snapshot_brings_back_exactly_what_was(stand: ServingStand) -> None:
    await canary(stand, 25)
    before = await scaled(stand, 2, 4)
    snapshot = await stand.port.snapshot(stand.service)
    await promoted(stand)
    await scaled(stand, 7, key="8/9")
    await paused(stand)

    after = await stand.settled(await stand.port.restore(stand.service, snapshot, key="9/1"))

    assert after.weights == before.weights == stand.served()
    assert (after.stable, after.canary, after.paused) == (stand.first, stand.second, False)
    assert (after.replicas.least, after.replicas.most) == (2, 4)


async def test_a_snapshot_of_a_pause_brings_the_pause_back(stand: ServingStand) -> None:
    await paused(stand)
    snapshot = await stand.port.snapshot(stand.service)
    await resumed(stand)

    after = await stand.settled(await stand.port.restore(stand.service, snapshot, key="9/1"))

    assert after.paused and stand.served() == {}


async def test_a_snapshot_says_what_it_is_and_outlives_the_bot(stand: ServingStand) -> None:
    await canary(stand, 25)
    kept = (await stand.port.snapshot(stand.service)).model_dump_json()
    await rolled_back(stand)

    snapshot = type(await stand.port.snapshot(stand.service)).model_validate_json(kept)

    assert str(snapshot) == f"{stand.first} 75%, {stand.second} 25%, 1 replica"
    after = await stand.settled(await stand.again().restore(stand.service, snapshot, key="9/1"))
    assert after.weights == {stand.first: 75, stand.second: 25}


async def test_the_snapshot_of_another_service_is_refused(stand: ServingStand) -> None:
    (other,) = [s for s in await stand.port.services() if s.model == stand.other]
    snapshot = await stand.port.snapshot(other)

    with pytest.raises(BadInput, match=stand.other):
        await stand.port.restore(stand.service, snapshot, key="9/1")


async def test_the_same_key_changes_nothing_twice(stand: ServingStand) -> None:
    port, service = stand.port, stand.service
    snapshot = await port.snapshot(service)
    late: dict[str, Write] = {}
    for name, make in {
        "7/1": lambda guard: lambda: port.set_canary(service, stand.second, 10, guard=guard, key="7/1"),
        "7/2": lambda guard: lambda: port.promote(service, stand.second, guard=guard, key="7/2"),
        "7/3": lambda guard: lambda: port.scale(service, 3, 3, guard=guard, key="7/3"),
        "7/4": lambda guard: lambda: port.pause(service, key="7/4"),
        "7/5": lambda guard: lambda: port.resume(service, guard=guard, key="7/5"),
        "7/6": lambda guard: lambda: port.restore(service, snapshot, key="7/6"),
    }.items():
        late[name] = make(await stand.generation())
        await stand.settled(await late[name]())
    await scaled(stand, 2, key="7/7")
    after = await rolled_back(stand, "7/8")

    for key, write in late.items():
        again = await write()

        assert again.weights == {stand.first: 100}, f"the write {key} came late and was done again"
        assert (again.canary, again.replicas.most, again.paused) == (None, 2, False), key
    assert after.weights == stand.served()


async def test_services_do_not_touch_each_other(stand: ServingStand) -> None:
    (other,) = [s for s in await stand.port.services() if s.model == stand.other]
    await canary(stand)
    guard = (await stand.port.traffic(other)).generation
    await stand.settled(await stand.port.scale(other, 3, 3, guard=guard, key="8/1"))

    mine, theirs = await stand.port.traffic(stand.service), await stand.port.traffic(other)
    assert (theirs.weights, theirs.replicas.most) == ({stand.first: 100}, 3)
    assert (mine.weights, mine.replicas.most) == ({stand.first: 90, stand.second: 10}, 1)


async def test_a_version_is_up_without_requests_and_answers_who_tries_it_out(stand: ServingStand) -> None:
    with pytest.raises((NotFound, BadInput)):
        await stand.port.try_out(stand.service, stand.second, 20)

    state = await canary(stand, 0)
    tried = await stand.port.try_out(stand.service, stand.second, 20)

    assert state.weights == {stand.first: 100} == stand.served()
    assert (state.stable, state.canary) == (stand.first, stand.second)
    assert tried.requests == 20 and len(tried.latencies_ms) == 20 - tried.failed
    assert (await stand.port.traffic(stand.service)).weights == {stand.first: 100}


@pytest.mark.parametrize("percent", [-1, 101])
async def test_a_share_outside_0_to_100_is_refused(stand: ServingStand, percent: int) -> None:
    with pytest.raises(BadInput, match="0 to 100"):
        await canary(stand, percent)

    assert (await stand.port.traffic(stand.service)).weights == {stand.first: 100}


@pytest.mark.parametrize(("least", "most"), [(0, 0), (-1, 2), (3, 2)])
async def test_bounds_that_cannot_be_are_refused(stand: ServingStand, least: int, most: int) -> None:
    with pytest.raises(BadInput, match="from 1"):
        await scaled(stand, least, most)

    assert (await stand.port.traffic(stand.service)).replicas.most == 1


async def test_the_stable_version_cannot_be_its_own_canary(stand: ServingStand) -> None:
    with pytest.raises(BadInput, match="stable version already"):
        await stand.port.set_canary(stand.service, stand.first, 10, guard=await stand.generation(), key="7/1")


async def test_a_version_that_cannot_be_served_is_not_found_and_changes_nothing(stand: ServingStand) -> None:
    port, service, guard = stand.port, stand.service, await stand.generation()
    for change in (
        lambda: port.set_canary(service, "v29", 10, guard=guard, key="7/1"),
        lambda: port.promote(service, "v29", guard=guard, key="7/2"),
        lambda: port.roll_back(service, "v29", key="7/3"),
    ):
        with pytest.raises(NotFound, match=stand.second):
            await change()

    assert (await port.traffic(service)).weights == {stand.first: 100} == stand.served()


async def test_an_unknown_service_is_not_found_and_told_with_the_nearest_known(stand: ServingStand) -> None:
    port = stand.port
    wrong = stand.service.model_copy(update={"model": stand.model[:-1], "name": stand.service.name[:-1]})
    elsewhere = stand.service.model_copy(update={"environment": "another"})
    snapshot = await port.snapshot(stand.service)
    for ask in (
        port.traffic,
        port.snapshot,
        lambda of: port.set_canary(of, stand.second, 10, guard="1", key="7/1"),
        lambda of: port.promote(of, stand.second, guard="1", key="7/1"),
        lambda of: port.roll_back(of, stand.first, key="7/1"),
        lambda of: port.restore(of, snapshot, key="7/1"),
        lambda of: port.pause(of, key="7/1"),
        lambda of: port.resume(of, guard="1", key="7/1"),
        lambda of: port.scale(of, 2, 2, guard="1", key="7/1"),
    ):
        with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
            await ask(wrong)
        with pytest.raises(NotFound, match="another"):
            await ask(elsewhere)


async def test_after_a_restart_split_replicas_pause_and_keys_are_as_before(stand: ServingStand) -> None:
    guard = await stand.generation()
    await canary(stand)
    await scaled(stand, 4)
    before = await paused(stand)

    again = stand.again()

    state = await again.traffic(stand.service)
    assert (state.replicas, state.paused, state.generation) == (before.replicas, True, before.generation)
    await again.roll_back(stand.service, stand.first, key="9/1")
    late = await again.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")
    assert late.canary is None


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: ServingStand) -> None:
    await told_in_our_words(lambda: stand.port.traffic(stand.service), stand)


async def test_a_write_that_fails_leaves_traffic_as_it_was_and_its_key_free(stand: ServingStand) -> None:
    guard = await stand.generation()

    async def write() -> TrafficState:
        return await stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1")

    await told_in_our_words(write, stand, write=True)
    stand.mend()

    assert (await stand.port.traffic(stand.service)).weights == {stand.first: 100} == stand.served()
    assert (await stand.again().traffic(stand.service)).weights == {stand.first: 100}
    await stand.settled(await write())
    assert stand.served() == {stand.first: 90, stand.second: 10}


async def test_of_two_callers_at_once_the_later_one_is_told_what_the_first_has_changed(stand: ServingStand) -> None:
    port, service, guard = stand.port, stand.service, await stand.generation()
    writes = [
        port.set_canary(service, stand.second, 10, guard=guard, key="7/1"),
        port.set_canary(service, stand.second, 60, guard=guard, key="8/1"),
    ]
    found = await asyncio.gather(*writes, return_exceptions=True)

    (lost,) = [one for one in found if isinstance(one, BaseException)]
    (won,) = [one for one in found if isinstance(one, TrafficState)]
    assert isinstance(lost, Conflict | Temporary | Permanent)
    after = await stand.settled(won)
    assert after.weights in [{stand.first: 90, stand.second: 10}, {stand.first: 40, stand.second: 60}]
    assert after.weights == stand.served()


async def test_one_key_from_two_callers_at_once_is_one_change(stand: ServingStand) -> None:
    guard = await stand.generation()
    write = [stand.port.set_canary(stand.service, stand.second, 10, guard=guard, key="7/1") for _ in range(2)]
    first, second = await asyncio.gather(*write)

    assert first.generation == second.generation
    assert (await stand.settled(second)).weights == {stand.first: 90, stand.second: 10}
