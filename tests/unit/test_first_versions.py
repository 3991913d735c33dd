"""A registry that is still being filled is read when it is full."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot import first_versions
from bizaiops_bot.first_versions import FilledRegistry
from tests.support.fake_company import Company, FakeRegistry


async def test_who_reads_the_versions_while_the_first_is_registered_gets_it_too() -> None:
    company = Company()
    registry, first = FilledRegistry(FakeRegistry(company)), company.registered.pop("v1")
    registry.expect("churn")
    reading = asyncio.create_task(registry.versions("churn"))
    async with registry.filling("churn"):
        await asyncio.sleep(0)
        assert not reading.done()
        assert await registry.versions("demand") == []
        company.registered["v1"] = first
    assert await reading == [first]


async def test_a_registration_that_fails_keeps_nobody_waiting() -> None:
    registry = FilledRegistry(FakeRegistry(Company()))
    registry.expect("churn")
    reading = asyncio.create_task(registry.versions("churn"))
    with pytest.raises(RuntimeError):
        async with registry.filling("churn"):
            raise RuntimeError("the disk is full")
    assert [known.version for known in await reading] == ["v1"]


async def test_one_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_versions, "LONGEST_S", 0.0)
    registry = FilledRegistry(FakeRegistry(Company()))
    registry.expect("churn")
    assert await registry.versions("churn")
