"""The registry: what is registered never changes, aliases are where they were last put."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot.domain.errors import Conflict, NotFound
from tests.contract.stands import STANDS
from tests.contract.stands.stand import RegistryStand, over, told_in_our_words

stand = over(STANDS["model_registry"])


async def aliases(stand: RegistryStand) -> dict[str, tuple[str, ...]]:
    return {version.version: version.aliases for version in await stand.port.versions("churn")}


async def registered(stand: RegistryStand, *versions: str) -> None:
    for version in versions:
        await stand.port.register(stand.package("churn", version), key=f"run/{version}")


async def test_a_model_that_was_never_registered_has_no_versions(stand: RegistryStand) -> None:
    assert await stand.port.versions("nothing") == []


async def test_a_registered_version_is_read_back_as_it_was_given(stand: RegistryStand) -> None:
    given = stand.package("churn", "v1")

    made = await stand.port.register(given, key="run/1")

    assert (made.model, made.version, made.digest, made.summary) == ("churn", "v1", given.digest, given.summary)
    assert (made.metrics, made.features) == (given.metrics, given.features)
    assert (made.created, made.state, made.aliases) == (stand.now(), "ready", ())
    assert await stand.port.versions("churn") == [made]


async def test_registering_the_same_content_twice_changes_nothing(stand: RegistryStand) -> None:
    first = await stand.port.register(stand.package("churn", "v1"), key="run/1")

    for key in ("run/1", "run/2"):
        assert await stand.port.register(stand.package("churn", "v1"), key=key) == first

    assert await stand.port.versions("churn") == [first]


async def test_callers_at_once_register_one_version(stand: RegistryStand) -> None:
    assert await stand.port.versions("churn") == []

    found = await asyncio.gather(*[stand.port.register(stand.package("churn", "v1"), key=f"run/{n}") for n in range(8)])

    assert found == await stand.port.versions("churn") * 8


async def test_other_content_under_a_known_version_is_a_conflict(stand: RegistryStand) -> None:
    await registered(stand, "v1")

    with pytest.raises(Conflict, match="registered version never changes"):
        await stand.port.register(stand.package("churn", "v1", "b" * 64), key="run/2")

    assert [version.digest for version in await stand.port.versions("churn")] == ["a" * 64]


async def test_of_two_contents_at_once_one_is_registered_and_one_is_told(stand: RegistryStand) -> None:
    assert await stand.port.versions("churn") == []

    both = [stand.port.register(stand.package("churn", "v1", d * 64), key=f"run/{d}") for d in "ab"]
    done = await asyncio.gather(*both, return_exceptions=True)

    (made,) = await stand.port.versions("churn")
    assert [d for d in done if not isinstance(d, Conflict)] == [made]


async def test_of_two_bots_at_once_each_is_told_what_is_so_for_ever(stand: RegistryStand) -> None:
    bots = [stand.port, stand.again()]
    for place in range(8):  # who is first differs
        model = f"churn-{place}"
        assert [await bot.versions(model) for bot in bots] == [[], []]

        writes = [bot.register(stand.package(model, "v1", d * 64), key=d) for bot, d in zip(bots, "ab", strict=True)]
        done = await asyncio.gather(*writes, return_exceptions=True)

        (made,) = await stand.port.versions(model)
        assert [d for d in done if not isinstance(d, Conflict)] == [made]


async def test_versions_are_told_oldest_first_by_the_names_they_were_given(stand: RegistryStand) -> None:
    await registered(stand, "v1", "v3", "v12")

    assert [version.version for version in await stand.port.versions("churn")] == ["v1", "v3", "v12"]


async def test_models_do_not_touch_each_other(stand: RegistryStand) -> None:
    await registered(stand, "v1")
    await stand.port.register(stand.package("demand", "v1", "b" * 64), key="run/other")
    await stand.port.set_alias("demand", "champion", "v1", key="run/alias")

    (churn,) = await stand.port.versions("churn")
    assert (churn.digest, churn.aliases) == ("a" * 64, ())


async def test_an_alias_moves_from_one_version_to_another(stand: RegistryStand) -> None:
    await registered(stand, "v1", "v2")
    assert (await stand.port.set_alias("churn", "champion", "v1", key="run/3")).aliases == ("champion",)

    moved = await stand.port.set_alias("churn", "champion", "v2", key="run/4")
    await stand.port.set_alias("churn", "previous", "v1", key="run/5")

    assert (moved.version, moved.aliases) == ("v2", ("champion",))
    assert await aliases(stand) == {"v1": ("previous",), "v2": ("champion",)}


async def test_an_alias_set_twice_is_set_once(stand: RegistryStand) -> None:
    await registered(stand, "v1")
    first = await stand.port.set_alias("churn", "champion", "v1", key="run/2")

    assert await stand.port.set_alias("churn", "champion", "v1", key="run/2") == first
    assert await stand.port.versions("churn") == [first]


async def test_two_callers_at_once_leave_an_alias_on_one_version(stand: RegistryStand) -> None:
    await registered(stand, "v1", "v2")
    await asyncio.gather(*[stand.port.set_alias("churn", "champion", v, key=f"run/{v}") for v in ("v1", "v2")])

    assert sorted((await aliases(stand)).values()) == [(), ("champion",)]


async def test_an_alias_for_an_unknown_version_names_the_known_ones(stand: RegistryStand) -> None:
    await registered(stand, "v1")

    with pytest.raises(NotFound, match="v1"):
        await stand.port.set_alias("churn", "champion", "v7", key="run/2")
    with pytest.raises(NotFound):
        await stand.port.set_alias("no_such_model", "champion", "v1", key="run/2")

    assert await aliases(stand) == {"v1": ()}


async def test_what_was_registered_is_there_after_a_restart(stand: RegistryStand) -> None:
    await registered(stand, "v1", "v2")
    await stand.port.set_alias("churn", "champion", "v2", key="run/3")
    before = await stand.port.versions("churn")

    again = stand.again()

    assert await again.versions("churn") == before
    assert await again.register(stand.package("churn", "v1"), key="run/v1") == before[0]


async def test_a_version_that_others_registered_is_there_and_can_be_named(stand: RegistryStand) -> None:
    await stand.by_others("churn", "s3://models/churn/1")

    (theirs,) = await stand.port.versions("churn")

    assert (str(theirs.artifact), theirs.state, theirs.digest) == ("s3://models/churn/1", "ready", "")
    named = await stand.port.set_alias("churn", "champion", theirs.version, key="run/1")
    assert (named.version, named.aliases) == (theirs.version, ("champion",))


async def test_a_version_that_others_registered_is_never_taken_for_ours(stand: RegistryStand) -> None:
    await stand.by_others("churn", "s3://models/churn/1")
    (theirs,) = await stand.port.versions("churn")

    with pytest.raises(Conflict, match="s3://models/churn/1"):
        await stand.port.register(stand.package("churn", theirs.version), key="run/1")

    assert await stand.port.versions("churn") == [theirs]


async def test_a_system_that_does_not_answer_is_told_in_our_words(stand: RegistryStand) -> None:
    await registered(stand, "v1")

    await told_in_our_words(lambda: stand.port.versions("churn"), stand)


@pytest.mark.parametrize("write", ["register", "set_alias"])
async def test_a_write_that_fails_changes_nothing_and_works_once_it_is_mended(stand: RegistryStand, write: str) -> None:
    await registered(stand, "v1")
    before = await stand.port.versions("churn")

    async def change() -> object:
        if write == "register":
            return await stand.port.register(stand.package("churn", "v2"), key="run/2")
        return await stand.port.set_alias("churn", "champion", "v1", key="run/2")

    await told_in_our_words(change, stand, write=True)
    stand.mend()

    assert await stand.port.versions("churn") == before
    assert await change() in await stand.port.versions("churn")
