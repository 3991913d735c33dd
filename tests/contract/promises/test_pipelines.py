"""Pipelines: one build a key, looked at by its reference from anywhere; what it is at, what it says, how it ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizaiops_bot.domain.builds import BuildOrder, BuildRef, BuildState
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.values import NoData
from tests.contract.stands import STANDS
from tests.contract.stands.stand import PipelinesStand, over, told_in_our_words

stand = over(STANDS["pipelines"])


def order(stand: PipelinesStand, version: str = "") -> BuildOrder:
    return BuildOrder(model=stand.model, version=version or stand.second, against=stand.first)


def anew(stand: PipelinesStand, version: str = "") -> BuildOrder:
    """A training on what has happened in the last hour."""
    since = stand.now() - timedelta(hours=1)
    return BuildOrder(model=stand.model, version=version or stand.new, against=stand.first, since=since)


async def ordered(stand: PipelinesStand, key: str = "run/1") -> BuildRef:
    return await stand.port.start(order(stand), key=key)


async def buildable(stand: PipelinesStand) -> list[str]:
    return [one.version for one in await stand.port.buildable(stand.model)]


# -- from the order to the version -----------------------------------------------------------------


async def test_a_version_goes_from_its_order_to_what_is_registered(stand: PipelinesStand) -> None:
    # given a version that can be built
    assert stand.second in await buildable(stand)
    assert (await stand.port.all_buildable())[stand.model] == await stand.port.buildable(stand.model)

    # when it is ordered and has come to its end
    build = await ordered(stand)
    state = await stand.over(build)

    # then every stage was done, and what came of it is a package for the registry or a version that is in it
    assert (state.ref, state.phase, state.problem) == (build, "succeeded", "")
    assert state.stages and {stage.phase for stage in state.stages} <= {"succeeded", "skipped"}
    if state.package is None:
        assert state.version
    else:
        assert (state.package.version, len(state.package.digest)) == (stand.second, 64)
        assert state.package.size_bytes > 0 and state.package.metrics and state.package.features


async def test_an_order_is_answered_before_the_build_is_done(stand: PipelinesStand) -> None:
    build = await ordered(stand)

    state = await stand.port.state(build)

    assert isinstance(state, BuildState) and not state.over
    assert state.spoken() and state.read_at == stand.now()


async def test_on_its_way_it_only_goes_on_and_says_at_which_stage_it_is(stand: PipelinesStand) -> None:
    build, seen = await ordered(stand), list[BuildState]()

    async def watched() -> BuildState:
        return await stand.until(build, lambda state: seen.append(state) or state.over or state.question is not None)

    last = await watched()
    if last.question is not None:
        await stand.port.answer(build, last.question.id, True, key="yes")
        last = await watched()

    names = [stage.name for stage in last.stages]
    at = [names.index(state.stage.name) for state in seen if state.stage is not None]
    assert at == sorted(at) and at, "it went back"
    assert all(state.stage.since is not None for state in seen if state.stage is not None and not state.over)
    first = next(i for i, state in enumerate(seen) if state.phase != "queued")
    assert all(state.phase == "queued" for state in seen[:first]) and not any(s.phase == "queued" for s in seen[first:])


async def test_two_looks_at_what_has_not_moved_are_equal(stand: PipelinesStand) -> None:
    state = await stand.over(build := await ordered(stand))

    again = await stand.port.state(build)

    assert isinstance(again, BuildState)
    assert again.model_copy(update={"read_at": state.read_at}) == state


async def test_where_a_stage_measures_its_numbers_are_those_of_the_two_versions(stand: PipelinesStand) -> None:
    state = await stand.over(await stand.port.start(order(stand, stand.first), key="run/1"))

    report = state.report
    assert report is not None and report.holdout_rows and report.passed, "a version is as good as itself"
    compared = [check for check in report.checks if stand.first in check.reason]
    assert compared and all(check.actual in report.metrics.values() for check in compared)
    assert state.package is None or state.package.metrics == report.metrics


# -- one key, one build ----------------------------------------------------------------------------


async def test_a_known_key_finds_its_build_however_it_has_ended(stand: PipelinesStand) -> None:
    first = await ordered(stand)
    assert await ordered(stand) == first
    state = await stand.over(first)

    assert await ordered(stand) == first
    again = await stand.over(first)
    assert (again.package, again.version) == (state.package, state.version)


async def test_one_key_from_two_callers_at_once_is_one_build(stand: PipelinesStand) -> None:
    first, second = await asyncio.gather(ordered(stand), ordered(stand))

    assert first == second


async def test_another_bot_finds_the_build_and_it_comes_to_its_end(stand: PipelinesStand) -> None:
    # given a bot that ends while its build is under way
    build = await ordered(stand)

    # when another one is started on the same system
    await stand.again()

    # then the same key is the same build, and it is not lost
    assert await ordered(stand) == build
    assert (await stand.over(build)).phase == "succeeded"
    await stand.again()
    assert (await stand.over(build)).phase == "succeeded"


async def test_what_was_packaged_never_changes(stand: PipelinesStand) -> None:
    first = await stand.over(await ordered(stand, "run/1"))

    second = await stand.over(await ordered(stand, "run/2"))

    assert second.phase == "succeeded"
    assert (second.package, second.version) == (first.package, first.version)


async def test_two_builds_of_one_version_at_once_are_one_version(stand: PipelinesStand) -> None:
    builds = await asyncio.gather(*[ordered(stand, key) for key in ("run/1", "run/2")])

    first, second = [await stand.over(build) for build in builds]

    assert builds[0] != builds[1]
    assert first.package == second.package and first.version == second.version


# -- a training anew -------------------------------------------------------------------------------


async def test_a_new_training_is_named_before_and_known_after(stand: PipelinesStand) -> None:
    # given enough labels, and the name that the next training will have
    stand.labelled(1_000)
    before = await buildable(stand)
    assert await stand.port.new_version(stand.model, [*before, "v3"]) == stand.new

    # when it is trained
    state = await stand.over(await stand.port.start(anew(stand), key="run/4"))

    # then it is known under that name, to the next bot too, and nothing else may be
    assert state.phase == "succeeded"
    await stand.again()
    assert await buildable(stand) == [*before, stand.new]
    with pytest.raises(Conflict, match=f"{stand.new} exists"):
        await stand.port.start(anew(stand), key="run/5")
    assert (await stand.over(await stand.port.start(anew(stand), key="run/4"))).package == state.package


async def test_the_next_name_is_none_that_is_taken(stand: PipelinesStand) -> None:
    name = await stand.port.new_version(stand.model, [stand.first, stand.new, "2026-11-29"])

    assert isinstance(name, NoData) or name not in {*await buildable(stand), stand.new, "2026-11-29"}


async def test_a_version_that_is_taken_is_not_trained_over(stand: PipelinesStand) -> None:
    stand.labelled(1_000)

    with pytest.raises(Conflict, match=f"{stand.second} exists"):
        await stand.port.start(anew(stand, stand.second), key="run/1")


async def test_too_few_labels_are_not_learned_from(stand: PipelinesStand) -> None:
    stand.labelled(100)

    state = await stand.over(await stand.port.start(anew(stand), key="run/1"))

    assert state.phase == "failed" and "100 labelled rows" in state.problem
    assert state.package is None and not state.version
    assert stand.new not in await buildable(stand)


# -- failing, stopping, asking ---------------------------------------------------------------------


async def test_a_build_that_fails_says_at_which_stage_and_why_and_its_log_says_more(stand: PipelinesStand) -> None:
    build = await ordered(stand)
    await stand.spoil(build)

    state = await stand.over(build)

    assert (state.phase, state.package, state.version) == ("failed", None, "")
    assert state.stage is not None and state.stage.phase == "failed" and "Error" in state.problem
    assert state.stage.name in state.spoken() and state.problem in state.spoken()
    log = await stand.port.log(build, stage=state.stage.name)
    assert isinstance(log, str) and "Error" in log.splitlines()[-1]


async def test_a_failed_build_does_not_keep_the_next_one_from_working(stand: PipelinesStand) -> None:
    build = await ordered(stand)
    await stand.spoil(build)
    await stand.over(build)
    if stand.name == "late":
        stand.port.fails.clear()  # type: ignore[attr-defined]

    assert (await stand.over(await ordered(stand, "run/2"))).phase == "succeeded"
    assert (await stand.over(await ordered(stand, "run/1"))).phase == "failed", "its key has another build now"


async def test_a_build_that_is_stopped_makes_nothing(stand: PipelinesStand) -> None:
    build = await ordered(stand)

    await stand.port.stop(build, key="run/1/undo")
    state = await stand.over(build)

    assert (state.phase, state.package, state.version) == ("stopped", None, "")
    assert await ordered(stand) == build and (await stand.over(build)).phase == "stopped"
    assert (await stand.port.stop(build, key="run/1/undo")).phase == "stopped"


async def test_an_order_that_was_not_answered_is_found_by_its_key_and_stopped(stand: PipelinesStand) -> None:
    # given a bot that dies while it orders: whether the order arrived is not known
    order_given = asyncio.create_task(ordered(stand))
    await asyncio.sleep(0)
    order_given.cancel()
    await asyncio.gather(order_given, return_exceptions=True)

    # when another one orders by the same key and stops what it gets
    await stand.again()
    build = await ordered(stand)
    await stand.port.stop(build, key="run/1")

    # then that is the one build there is, and it is over: the key never builds again
    assert (await stand.over(build)).phase == "stopped"
    assert await ordered(stand) == build and (await stand.over(build)).phase == "stopped"


async def test_a_known_key_finds_its_build_though_it_could_not_be_ordered_any_more(stand: PipelinesStand) -> None:
    # given a training whose name is taken since, by itself
    stand.labelled(1_000)
    build = await stand.port.start(anew(stand), key="run/4")
    await stand.over(build)

    # then the key is still that build, and stopping it changes nothing
    assert await stand.port.start(anew(stand), key="run/4") == build
    assert (await stand.port.stop(build, key="run/4")).phase == "succeeded"


async def test_stopping_what_is_over_changes_nothing(stand: PipelinesStand) -> None:
    done = await stand.over(build := await ordered(stand))

    state = await stand.port.stop(build, key="run/1/undo")

    assert (state.phase, state.package, state.version) == ("succeeded", done.package, done.version)


async def test_what_a_build_asks_is_answered_once(stand: PipelinesStand) -> None:
    build = await ordered(stand)
    with pytest.raises(Conflict, match="not asked"):
        await stand.port.answer(build, "publish?", True, key="early")
    if not stand.asks:
        return
    # given a build that has come to its question
    asking = await stand.until(build, lambda state: state.question is not None)
    assert asking.phase == "asking" and asking.question is not None and asking.question.text in asking.spoken()

    # when it is answered, and answered again otherwise
    answered = await stand.port.answer(build, asking.question.id, True, key="run/1")
    await stand.port.answer(build, asking.question.id, False, key="run/2")

    # then the first answer counts
    assert answered.phase != "asking"
    assert (await stand.over(build)).phase == "succeeded"


async def test_what_is_not_allowed_ends_there(stand: PipelinesStand) -> None:
    if not stand.asks:
        return
    build = await ordered(stand)
    asking = await stand.until(build, lambda state: state.question is not None)
    assert asking.question is not None

    state = await stand.port.answer(build, asking.question.id, False, key="run/1")

    assert state.over and state.phase != "succeeded" and state.problem


# -- logs and names --------------------------------------------------------------------------------


async def test_a_log_is_told_from_its_end_and_by_stage(stand: PipelinesStand) -> None:
    state = await stand.over(build := await ordered(stand))

    whole = await stand.port.log(build)
    last = await stand.port.log(build, tail=1)
    assert isinstance(whole, str) and isinstance(last, str)
    assert len(whole.splitlines()) > 2 and last == whole.splitlines()[-1]
    parts = [await stand.port.log(build, stage=stage.name) for stage in state.stages]
    assert "\n".join(part for part in parts if isinstance(part, str) and part) == whole
    assert await stand.port.log(build, stage="nowhere") == ""


async def test_a_build_that_nobody_knows_is_no_data_and_cannot_be_stopped(stand: PipelinesStand) -> None:
    unknown = BuildRef(id=f"{stand.model}/9")

    assert isinstance(await stand.port.state(unknown), NoData)
    assert isinstance(await stand.port.log(unknown), NoData)
    with pytest.raises(NotFound):
        await stand.port.stop(unknown, key="k")
    with pytest.raises(NotFound):
        await stand.port.answer(unknown, "publish?", True, key="k")


async def test_an_unknown_name_is_not_found_and_told_with_those_near(stand: PipelinesStand) -> None:
    wrong, since = stand.model[:-1], stand.now()
    with pytest.raises(NotFound, match=f"Did you mean .*{stand.second}"):
        await stand.port.start(order(stand, stand.second + "2"), key="n")
    with pytest.raises(NotFound, match=f"v9.*{stand.first}"):
        await stand.port.start(order(stand).model_copy(update={"against": "v9"}), key="n")
    for ask in (
        lambda: stand.port.buildable(wrong),
        lambda: stand.port.start(BuildOrder(model=wrong, version=stand.second), key="n"),
        lambda: stand.port.start(BuildOrder(model=wrong, version=stand.new, since=since), key="n"),
    ):
        with pytest.raises(NotFound, match=f"Did you mean {stand.model}"):
            await ask()


# -- a system that is away -------------------------------------------------------------------------


async def test_a_system_that_does_not_answer_is_told_in_our_words_and_the_key_builds_later(
    stand: PipelinesStand,
) -> None:
    await told_in_our_words(lambda: ordered(stand), stand, write=True)
    stand.mend()

    assert (await stand.over(await ordered(stand))).phase == "succeeded"


async def test_what_is_asked_meanwhile_is_told_in_our_words_too(stand: PipelinesStand) -> None:
    await told_in_our_words(lambda: buildable(stand), stand)
