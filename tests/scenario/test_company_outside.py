"""A bot on a company that is not its own: it looks, answers, and leaves everything as it found it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.app import first_releases, reloading
from bizaiops_bot.app.bootstrap import Bot, build
from bizaiops_bot.app.first_releases import FirstReleases
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.builds import BuildOrder
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.engine.audit import trail
from tests.support import servers, stores
from tests.support.outside import OutsideCompany, OutsidePort
from tests.support.small_engine import once_true
from tests.support.talk import words_of


async def asked(bot: Bot, text: str) -> str:
    """What the bot answers."""
    message = await bot.desk.post("ml-ops", "engineer", text)
    async with asyncio.timeout(60):
        while True:
            found = [card for card in await bot.desk.cards("ml-ops") if card.reply_to == message.id]
            if found:
                return words_of(found[-1].card)
            await asyncio.sleep(0.005)


async def started(company: OutsideCompany, data: Path, **others: object) -> Bot:
    bot = await build(company.settings(data, **{"store": stores.store_settings(data), **others}))
    await bot.start()
    return bot


@pytest.fixture
def company(tmp_path: Path) -> OutsideCompany:
    return OutsideCompany.founded(tmp_path / "company", "fraud", "pricing")


@pytest.fixture
async def bot(company: OutsideCompany, tmp_path: Path) -> AsyncIterator[Bot]:
    found = await started(company, tmp_path / "data")
    yield found
    await found.stop()
    stores.drop_company(tmp_path / "data")


async def test_it_tells_what_is_served_and_has_changed_nothing(bot: Bot, company: OutsideCompany) -> None:
    answer = await asked(bot, "what models do we have?")
    assert "fraud" in answer and "pricing" in answer and "churn" not in answer
    assert company.kept.writes == []
    assert not (bot.settings.data / "world").exists() and not (bot.settings.data / "mlflow.db").exists()


async def test_its_clock_is_the_machines(bot: Bot) -> None:
    assert isinstance(bot.core.clock, SystemClock)
    assert abs(bot.core.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert bot.attached == [] and bot.core.ports.faults is None


async def test_what_served_before_it_came_is_noted_once(bot: Bot) -> None:
    await FirstReleases(bot.core).note()
    (release,) = await bot.core.ports.records.releases("fraud")
    assert (release.version, release.kind, release.run) == ("v1", "initial", None)
    assert "v1" in await asked(bot, "history of fraud")


async def test_it_starts_while_nothing_outside_answers_and_learns_later_what_serves(
    company: OutsideCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_releases, "AGAIN_S", 0.05)
    company.break_()
    bot = await started(company, tmp_path / "data")
    try:
        assert "does not answer" in await asked(bot, "what models do we have?")
        company.mend()
        async with asyncio.timeout(60):
            while not (known := await bot.core.ports.records.releases("pricing")):  # noqa: ASYNC110 (no event for it)
                await asyncio.sleep(0.05)
        assert [release.version for release in known] == ["v1"]
    finally:
        await bot.stop()
        stores.drop_company(tmp_path / "data")


async def test_a_vendor_that_is_away_is_told_and_the_bot_stays_ready(bot: Bot, company: OutsideCompany) -> None:
    await bot.checkup.look()
    report = await bot.report()
    assert report.problems == {} and report.ports["serving"].ok
    company.break_()
    await bot.checkup.look()
    report = await bot.report()
    assert report.problems == {}, "it still answers"
    assert not report.ports["serving"].ok and "does not answer" in report.ports["serving"].says
    assert report.ports["store"].ok
    company.mend()


class Reader:
    """Implements bot_api.Attached: what reads somebody's events beside the bot."""

    name, alone = "the reader", False

    def __init__(self) -> None:
        self.began, self.breaks = asyncio.Event(), asyncio.Event()
        self.ports: Ports | None = None
        self.closed = False

    async def run(self, ports: Ports) -> None:
        self.ports = ports
        self.began.set()
        await self.breaks.wait()
        raise RuntimeError("the broker sent garbage")

    def exposition(self) -> str:
        return "reader_events_total 3\n"

    async def close(self) -> None:
        self.closed = True


async def test_what_an_adapter_attaches_lives_beside_the_bot_and_its_end_is_told(
    company: OutsideCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()

    def build_with_reader(port: OutsidePort, context: Context) -> OutsideCompany:
        if reader not in context.attached:
            context.attach(reader)
            context.ends.push_async_callback(reader.close)
        return OutsideCompany(port.folder)

    monkeypatch.setattr(OutsidePort, "build", build_with_reader)
    bot = await started(company, tmp_path / "data")
    await asyncio.wait_for(reader.began.wait(), 60)
    assert reader.ports is bot.core.ports
    assert (await bot.report()).problems == {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=bot.app(demo=True)), base_url="http://localhost"
    ) as web:
        assert "reader_events_total 3" in (await web.get("/metrics")).text
        reader.breaks.set()
        await asyncio.wait_for(asyncio.gather(*(task for task in bot.loops if task.get_name() == reader.name)), 60)
        answer = await web.get("/readyz")
    assert (answer.status_code, list(answer.json()["problems"])) == (503, ["the reader"])
    await bot.stop()
    assert reader.closed
    stores.drop_company(tmp_path / "data")


async def test_two_bots_on_one_database_serve_one_company(company: OutsideCompany, tmp_path: Path) -> None:
    """Nothing of theirs must be alone; what serves already is noted once by both."""
    server = servers.postgres()
    store = {"kind": "postgres", "url": server.fresh_database("two_bots_outside")}
    bots = [await started(company, tmp_path / name, store=store) for name in ("one", "other")]
    try:
        for bot in bots:
            assert "fraud" in await asked(bot, "what models do we have?")
            assert len(await bot.core.ports.records.releases("fraud")) == 1
    finally:
        for bot in bots:
            await bot.stop()
        server.drop_database(store["url"])


async def test_what_one_bot_reloads_the_other_takes_over_once_its_own_copy_says_the_same(
    company: OutsideCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloading, "FOLLOW_S", 0.05)
    monkeypatch.setattr(reloading, "BEHIND", timedelta(0))
    server, copies = servers.postgres(), [tmp_path / "copy-one", tmp_path / "copy-other"]
    store = {"kind": "postgres", "url": server.fresh_database("two_bots_reload")}
    for copy in copies:
        shutil.copytree(tmp_path / "company", copy)
    bots = [await started(company, tmp_path / copy.name[5:], store=store, company_dir=copy) for copy in copies]
    one, other = bots
    try:
        (copies[0] / "models" / "fraud.yaml").write_text("title: Card fraud\nowner: risk\n", encoding="utf-8")
        await reloading.reload_by_signal(one.core)
        assert await knows_the_title(one)
        # a copy that is late is told, and nothing is half taken over
        await once_true(lambda: behind(one))
        assert not await knows_the_title(other)
        shutil.copy(copies[0] / "models" / "fraud.yaml", copies[1] / "models" / "fraud.yaml")
        await once_true(lambda: knows_the_title(other))
        audited = await one.core.store.read(lambda conn: trail.read(conn, limit=5, kind="reload_company"))
        assert len(audited) == 1, "the company changed once, however many workers took it over"
    finally:
        for bot in bots:
            await bot.stop()
        server.drop_database(store["url"])


async def behind(bot: Bot) -> bool:
    return any("A worker is behind" in words_of(card.card) for card in await bot.desk.cards("ml-ops"))


async def knows_the_title(bot: Bot) -> bool:
    return "Card fraud" in await asked(bot, "describe fraud")


NONE = {port: {"kind": "none"} for port in ("pipelines", "metrics", "predictions", "outcomes", "drift")}


async def test_a_company_that_has_only_serving_and_a_registry_is_told_what_is_not_known(
    company: OutsideCompany, tmp_path: Path
) -> None:
    bot = await started(company, tmp_path / "data", **NONE)
    try:
        assert "no data" in (await asked(bot, "status fraud")).lower()
        with pytest.raises(Permanent, match=r"fraud v3 cannot be built\. BIZAIOPS_PIPELINES__KIND is none"):
            await bot.core.ports.pipelines.start(BuildOrder(model="fraud", version="v3"), key="run/1")
        assert company.kept.writes == []
    finally:
        await bot.stop()
        stores.drop_company(tmp_path / "data")


@pytest.mark.parametrize("port", ["pipelines", "metrics", "predictions", "outcomes", "drift"])
def test_the_embedded_company_builds_and_measures_only_what_it_serves(
    company: OutsideCompany, tmp_path: Path, port: str
) -> None:
    with pytest.raises(ValueError, match=f"choose BIZAIOPS_{port.upper()}__KIND too"):
        company.settings(tmp_path / "data", **{port: {"kind": "embedded"}})
