"""The embedded company's past in its registry: who reads it while it is being written gets it too."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.models import ModelVersion
from bizaiops_bot.embedded.life import first_versions
from bizaiops_bot.embedded.life.first_versions import FilledRegistry
from tests.support.fake_company import Company, FakePipelines, FakeRegistry, FakeServing


async def filled(registry: FilledRegistry, company: Company) -> None:
    await registry.fill(FakePipelines(company), FakeServing(company), "v1")


async def test_who_reads_the_versions_while_the_first_is_registered_gets_it_too() -> None:
    company = Company()
    company.registered.clear()
    registry = FilledRegistry(FakeRegistry(company), ["churn"])
    reading = asyncio.create_task(registry.versions("churn"))
    await asyncio.sleep(0)
    assert not reading.done()
    assert await registry.versions("demand") == []
    await filled(registry, company)
    assert [(known.version, known.aliases) for known in await reading] == [("v1", ("champion",))]


async def test_nothing_is_registered_where_the_company_has_gone_on_since() -> None:
    company = Company()
    company.registered.clear()
    company.stable, company.weights = "v2", {"v2": 100}
    registry = FilledRegistry(FakeRegistry(company), ["churn"])
    await filled(registry, company)
    assert await registry.versions("churn") == []


async def test_a_registration_that_fails_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    company = Company()
    company.registered.clear()
    registry = FilledRegistry(FakeRegistry(company), ["churn"])

    async def full(*_: object, **__: object) -> ModelVersion:
        raise Temporary("The disk is full.")

    monkeypatch.setattr(registry.inner, "register", full)
    reading = asyncio.create_task(registry.versions("churn"))
    await filled(registry, company)
    assert await reading == []


async def test_one_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_versions, "LONGEST_S", 0.0)
    registry = FilledRegistry(FakeRegistry(Company()), ["churn"])
    assert await registry.versions("churn")
