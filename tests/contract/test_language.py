"""The language model stage against servers of all kinds: what they can do, and every way in which they fail people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.guard import MOST_AT_ONCE
from bizaiops_bot.adapters.openai.meter import MemoryBook, UseBook
from bizaiops_bot.adapters.openai.route import OpenAiLanguage
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.domain.language_use import Use
from bizaiops_bot.domain.routing import Command, Decision, Memory, Question
from bizaiops_bot.engine.runs.language_use import LanguageUse
from tests.support import stores
from tests.support.aimock_server import aimock
from tests.support.fake_openai import PROSE, FakeOpenAi, Reply, Request, completion, failed, fake_openai, until
from tests.support.guessing import guessing_router
from tests.support.router_company import COMPANY, NOW

ODD = "could you put the new churn model out for one in ten people?"
UNDERSTOOD = {"model": "churn", "version": "v3", "canary": 10}
NO_SUCH = "http://127.0.0.1:9/v1"


class Stand:
    """A router that is unsure about everything, with a language model at some address."""

    def __init__(self, url: str, folder: Path | None, book: UseBook | None = None, **settings: Any) -> None:
        chosen = OpenAiSettings(base_url=url, **{"model": "small", "timeout_s": 5, **settings})
        self.client = LanguageClient(chosen, book or MemoryBook(), folder)
        self.client.probe.least_wait_s = 0.01
        self.router = guessing_router()
        self.router.ask_also(OpenAiLanguage(self.client))

    async def hears(self, text: str = ODD, memory: Memory | None = None, channel: str = "ml-ops") -> Decision:
        return await self.router.decide(text, memory, COMPANY, channel=channel)

    async def hears_as_without(self, text: str = ODD) -> dict[str, Any]:
        """Fails unless the decision is the local one; gives what is noted of the language model."""
        decision = await self.hears(text)
        local = self.router.route(text, None, COMPANY)
        assert decision.model_copy(update={"heard": {}}) == local.model_copy(update={"heard": {}})
        noted: dict[str, Any] = decision.heard["language"]
        return noted


Make = Callable[..., Stand]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    stands: list[Stand] = []

    def made(url: str, folder: Path | None = None, **more: Any) -> Stand:
        stand = Stand(url, folder, **more)
        stands.append(stand)
        stand.client.start()
        return stand

    yield made
    for stand in stands:
        await stand.client.stop()


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAi]:
    async with fake_openai() as server:
        server.decides("deploy_model", model="churn", version="latest", canary=10)
        yield server


def button(decision: Decision) -> dict[str, Any]:
    assert isinstance(decision, Question), decision
    inputs: dict[str, Any] = json.loads(decision.choices[0].bind["inputs"])
    return inputs


# -- what it gives -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a slow machine makes of the two seconds that people wait is not looked at here."""
    monkeypatch.setattr("bizaiops_bot.router.second_opinion.READY_S", 30.0)


async def test_a_request_in_odd_words_is_understood_with_one_call(fake: FakeOpenAi, make: Make) -> None:
    decision = await make(fake.url).hears()
    assert button(decision) == UNDERSTOOD and decision.heard["stage"] == "language"
    assert len(fake.asked) == 1
    noted = decision.heard["language"]
    assert noted["prompt"].startswith("route@") and len(noted["prompt_sha256"]) == 64
    assert (noted["tokens_in"], noted["tokens_out"], noted["outcome"]) == (1000, 100, "ok")


async def test_the_call_is_strict_cold_and_bounded(fake: FakeOpenAi, make: Make) -> None:
    await make(fake.url).hears()
    body = fake.asked[0].body
    form = body["response_format"]["json_schema"]
    assert form["strict"] is True and body["temperature"] == 0 and body["max_tokens"] == 400
    request = form["schema"]["$defs"]["Request_deploy_model"]
    assert request["properties"]["model"]["anyOf"][0]["enum"] == ["churn", "demand"]
    assert request["required"] == ["kind", "model", "version", "canary"] and request["additionalProperties"] is False


async def test_the_thread_goes_along_as_data(fake: FakeOpenAi, make: Make) -> None:
    fake.decides("show_kpis", model="churn", kpi=None)
    memory = Memory(at=NOW, model="churn", last=Command(playbook="show_status", inputs={"model": "churn"}))
    decision = await make(fake.url).hears("where are those subscribers of it", memory)
    assert isinstance(decision, Command) and decision.inputs["model"] == "churn"
    told = json.loads(fake.asked[0].user)
    assert told["thread"]["last_request"] == {"request": "show_status", "values": {"model": "churn"}}


async def test_the_same_question_again_costs_nothing(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url)
    first = await stand.hears()
    second = await stand.hears("Could you put the new  churn model out for one in ten people")
    assert button(first) == button(second) and len(fake.asked) == 1
    assert second.heard["language"]["cached"] is True and second.heard["language"]["tokens_in"] == 0
    other = Memory(at=NOW, model="demand")
    await stand.hears(memory=other)
    assert len(fake.asked) == 2, "another thread is another question"


async def test_secrets_do_not_leave(fake: FakeOpenAi, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else-1234567890")
    await make(fake.url).hears("could you kindly look into it with password=hunter2hunter2 for churn")
    assert "hunter2" not in json.dumps(fake.asked[0].body) and "[redacted]" in fake.asked[0].user
    assert fake.asked[0].headers["authorization"] == "Bearer none"


async def test_one_repair_mends_a_wrong_answer(fake: FakeOpenAi, make: Make) -> None:
    def first_wrong(request: Request) -> Reply:
        version = "v99" if len(fake.asked) == 1 else "latest"
        return request.answer(
            {"decision": {"kind": "deploy_model", "model": "churn", "version": version, "canary": 10}}
        )

    fake.says = first_wrong
    decision = await make(fake.url).hears()
    assert button(decision) == UNDERSTOOD and decision.heard["language"]["outcome"] == "repaired"
    assert "deploy_model.version" in fake.asked[1].text and decision.heard["language"]["tokens_in"] == 2000


# -- what servers can do -----------------------------------------------------------------------------

SERVERS: dict[str, tuple[dict[str, str], str]] = {
    "OpenAI": ({}, "json_schema"),
    "llama-cpp-python: 500 to a schema": ({"schema": "fails"}, "function_calling"),
    "old builds: the schema is ignored": ({"schema": "ignored"}, "function_calling"),
    "LM Studio: a named tool is rejected": ({"schema": "ignored", "tools": "rejected"}, "json_mode"),
    "vLLM: tool_calls is empty": ({"schema": "ignored", "tools": "empty"}, "json_mode"),
    "llama.cpp: no tools in the template": ({"schema": "fails", "tools": "ignored"}, "json_mode"),
}


@pytest.mark.parametrize("server", SERVERS)
async def test_the_way_of_asking_is_found_that_the_server_honours(fake: FakeOpenAi, make: Make, server: str) -> None:
    abilities, method = SERVERS[server]
    for name, value in abilities.items():
        setattr(fake, name, value)
    decision = await make(fake.url).hears()
    assert button(decision) == UNDERSTOOD and decision.heard["language"]["method"] == method
    assert fake.asked[0].method == method


async def test_a_server_that_can_do_none_of_it_leaves_the_local_answer(fake: FakeOpenAi, make: Make) -> None:
    fake.schema, fake.tools, fake.json_mode = "ignored", "ignored", "ignored"
    noted = await make(fake.url).hears_as_without()
    assert noted["outcome"] == "not ready" and fake.asked == []


async def test_what_was_found_is_kept_for_the_next_start(fake: FakeOpenAi, make: Make, tmp_path: Path) -> None:
    fake.schema = "fails"
    await make(fake.url, tmp_path).hears()
    canaries = len(fake.requests) - len(fake.asked)
    decision = await make(fake.url, tmp_path).hears()
    assert button(decision) == UNDERSTOOD and len(fake.requests) - len(fake.asked) == canaries
    other = make(fake.url, tmp_path, model="another")
    await other.hears()
    assert len(fake.requests) - len(fake.asked) > canaries, "another model is tried anew"


@pytest.mark.parametrize("down", [Reply(drop=True), Reply(hang=True), failed(503), failed(429), Reply(b"<html>")])
async def test_a_server_that_is_down_at_the_start_is_found_later(fake: FakeOpenAi, make: Make, down: Reply) -> None:
    fake.always = down
    stand = make(fake.url, timeout_s=3)
    await until(lambda: fake.requests)
    assert (await stand.hears_as_without())["outcome"] in {"not ready", "too slow"}
    fake.always = None
    await until(lambda: stand.client.probe.method)
    assert button(await stand.hears()) == UNDERSTOOD


async def test_a_server_cannot_put_the_first_try_off_for_ever(
    fake: FakeOpenAi, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bizaiops_bot.adapters.openai.probe.LONGEST_REST_S", 0.01)
    fake.always = failed(429, retry_after="999999999")
    stand = make(fake.url)
    await until(lambda: fake.requests)
    fake.always = None
    await until(lambda: stand.client.probe.method)
    assert button(await stand.hears()) == UNDERSTOOD


async def test_a_server_that_unlearns_its_way_is_tried_anew(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url, failures=20)
    assert button(await stand.hears()) == UNDERSTOOD
    fake.schema = "ignored"
    await stand.hears_as_without("could you kindly get the churn one out there")
    await until(lambda: stand.client.probe.method == "function_calling")
    fake.decides("deploy_model", model="churn", version=None, canary=None)
    decision = await stand.hears("would you please see the churn one out there")
    assert decision.heard["stage"] == "language"


# -- how servers fail --------------------------------------------------------------------------------

WRONG = {"decision": {"kind": "deploy_model", "model": "fraud", "version": "v77", "canary": "lots", "sudo": True}}
DEEP = b'{"choices": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"
FAILURES: dict[str, tuple[Callable[[Request], Reply], str]] = {
    "it answers 500": (lambda _: failed(500), "down"),
    "it answers 503": (lambda _: failed(503), "down"),
    "the key is wrong": (lambda _: failed(401), "down"),
    "the model is gone": (lambda _: failed(404), "unfit"),
    "it is too much": (lambda _: failed(429), "busy"),
    "it is too much for now": (lambda _: failed(429, retry_after="60"), "busy"),
    "the connection is cut": (lambda _: Reply(drop=True), "down"),
    "it never answers": (lambda _: Reply(hang=True), "too slow"),
    "it sends you elsewhere": (lambda _: Reply(b"", 307, {"location": NO_SUCH}), "down"),
    "the model refuses": (lambda _: completion(None, refusal="I cannot help with that."), "refused"),
    "a filter cuts in": (lambda _: completion("", finish="content_filter"), "refused"),
    "no JSON at all": (lambda _: Reply(b"<html>Bad gateway</html>"), "garbage"),
    "nothing": (lambda _: Reply(b""), "garbage"),
    "null": (lambda _: Reply(b"null"), "garbage"),
    "no choices": (lambda _: Reply(b'{"choices": []}'), "garbage"),
    "strange choices": (lambda _: Reply(b'{"choices": [{"message": 7}]}'), "garbage"),
    "no content": (lambda _: completion(None), "garbage"),
    "friendly prose": (lambda _: completion(PROSE), "garbage"),
    "half an object": (lambda _: completion('{"decision": {"kind": "depl', finish="length"), "garbage"),
    "an empty list of tool calls": (lambda _: completion("", calls=[], finish="tool_calls"), "garbage"),
    "another form": (lambda r: r.answer({"playbook": "deploy_model"}), "garbage"),
    "values that do not exist": (lambda r: r.answer(WRONG), "garbage"),
    "a request that was not offered": (lambda r: r.answer({"decision": {"kind": "roll_back_model"}}), "garbage"),
    "a list": (lambda r: r.answer([1, 2, 3]), "garbage"),
    "brackets without end": (lambda _: Reply(DEEP), "garbage"),
    "a megabyte of words": (lambda _: completion("ok " * 350_000), "down"),
    "a megabyte of numbers": (lambda r: r.answer({"decision": list(range(160_000))}), "down"),
    "a packed answer": (lambda _: Reply(b"\x1f\x8b", 200, {"content-encoding": "gzip"}), "down"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_however_the_server_fails_people_get_the_local_answer(fake: FakeOpenAi, make: Make, failure: str) -> None:
    fake.says, outcome = FAILURES[failure]
    stand = make(fake.url, timeout_s=2 if outcome == "too slow" else 5)
    await stand.client.probe.tried.wait()
    noted = await stand.hears_as_without()
    assert noted["outcome"] == outcome
    assert 1 <= len(fake.asked) <= 2, "one call and at most one repair"


async def test_a_failing_server_is_left_alone_and_tried_again_later(fake: FakeOpenAi, make: Make) -> None:
    works, fake.says = fake.says, lambda _: failed(500)
    now = [0.0]
    stand = make(fake.url, failures=3, rest_s=30)
    stand.client.breaker._clock = lambda: now[0]
    outcomes = [(await stand.hears_as_without())["outcome"] for _ in range(5)]
    assert outcomes == ["down"] * 3 + ["resting"] * 2 and len(fake.asked) == 3
    assert "bizaiops_language_resting 1.0" in stand.client.exposition()
    now[0] = 31.0
    assert (await stand.hears_as_without())["outcome"] == "down", "one try after the rest"
    assert (await stand.hears_as_without())["outcome"] == "resting"
    fake.says, now[0] = works, 62.0
    assert button(await stand.hears()) == UNDERSTOOD


async def test_a_server_that_says_for_how_long_is_left_alone_that_long(fake: FakeOpenAi, make: Make) -> None:
    works, fake.says = fake.says, lambda _: failed(429, retry_after="120")
    now = [0.0]
    stand = make(fake.url)
    stand.client.breaker._clock = lambda: now[0]
    assert (await stand.hears_as_without())["outcome"] == "busy"
    now[0] = 119.0
    assert (await stand.hears_as_without())["outcome"] == "resting" and len(fake.asked) == 1
    fake.says, now[0] = works, 121.0
    assert button(await stand.hears()) == UNDERSTOOD


async def test_a_server_that_is_not_there_costs_no_time(make: Make) -> None:
    stand = make(NO_SUCH, method="json_schema")
    await stand.hears_as_without()
    assert (await stand.hears_as_without())["outcome"] == "down", 'not "too slow": no time limit was waited for'


# -- what it costs -----------------------------------------------------------------------------------


async def test_tokens_and_dollars_are_counted_by_conversation(fake: FakeOpenAi, make: Make) -> None:
    book = MemoryBook()
    stand = make(fake.url, book=book, price_in=0.4, price_out=1.6)
    decision = await stand.hears()
    assert decision.heard["language"]["usd"] == pytest.approx(0.00056)
    mine, total = await book.spent(stand.client.meter._day(), "ml-ops")
    assert mine == Use(calls=1, tokens_in=1000, tokens_out=100, micro_usd=560)
    assert total.calls == 2, "the try at the start counts too"
    shown = stand.client.exposition()
    assert 'bizaiops_language_tokens_total{channel="ml-ops",direction="in"} 1000.0' in shown
    assert 'bizaiops_language_requests_total{outcome="ok",purpose="route"} 1.0' in shown


async def test_a_used_up_budget_of_a_conversation_leaves_the_others_theirs(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url, price_in=100, daily_budget=10, daily_budget_channel=0.1)
    await stand.hears()
    again = await stand.hears("could you put the new churn thing out for one in five people?")
    assert again.heard["language"]["outcome"] == "over budget (channel)" and len(fake.asked) == 1
    other = await stand.hears("could you put the new churn thing out for one in five people?", channel="sales")
    assert other.heard["stage"] == "language"


async def test_the_budget_of_the_day_holds_for_all_and_after_a_restart(
    fake: FakeOpenAi, make: Make, tmp_path: Path
) -> None:
    limits = {"price_in": 100, "daily_budget": 0.15, "daily_budget_channel": 0.15}
    store = stores.open_store(tmp_path)
    await make(fake.url, tmp_path, book=LanguageUse(store), **limits).hears()
    await store.aclose()
    store = stores.open_store(tmp_path)
    noted = await make(fake.url, tmp_path, book=LanguageUse(store), **limits).hears_as_without()
    assert noted["outcome"] == "over budget (day)" and len(fake.asked) == 1
    await store.aclose()


async def test_tokens_are_limited_where_nothing_has_a_price(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url, daily_tokens_channel=1000)
    await stand.hears()
    noted = await stand.hears_as_without("could you put the new churn thing out for one in five people?")
    assert noted["outcome"] == "over budget (channel's tokens)"


async def test_what_the_server_does_not_count_is_estimated(fake: FakeOpenAi, make: Make) -> None:
    decided = {"decision": {"kind": "deploy_model", "model": "churn", "version": "latest", "canary": 10}}
    fake.says = lambda _: completion(json.dumps(decided), usage=False)
    noted = (await make(fake.url).hears()).heard["language"]
    assert noted["estimated"] is True and noted["tokens_in"] > 300 and noted["tokens_out"] > 10


@pytest.mark.parametrize("told", [10**30, -5])
async def test_a_count_that_cannot_be_does_not_close_the_book(
    fake: FakeOpenAi, make: Make, tmp_path: Path, told: int
) -> None:
    decided = {"decision": {"kind": "deploy_model", "model": "churn", "version": "latest", "canary": 10}}
    body = json.loads(completion(json.dumps(decided)).body)
    body["usage"] = {"prompt_tokens": told, "completion_tokens": 5, "total_tokens": told}
    fake.says = lambda _: Reply(json.dumps(body).encode())
    store = stores.open_store(tmp_path)
    stand = make(fake.url, book=LanguageUse(store))
    assert (await stand.hears()).heard["language"]["estimated"] is True
    again = await stand.hears("could you put the new churn thing out for one in five people?")
    await store.aclose()
    assert again.heard["language"]["outcome"] == "ok"


async def test_a_call_that_was_given_up_counts(fake: FakeOpenAi, make: Make) -> None:
    book = MemoryBook()
    stand = make(fake.url, book=book, timeout_s=2)
    await stand.client.probe.tried.wait()
    fake.says = lambda _: Reply(hang=True)
    await stand.hears_as_without()
    await stand.client.stop()
    mine, _ = await book.spent(stand.client.meter._day(), "ml-ops")
    assert mine.calls == 1 and mine.tokens_in > 300


async def test_nothing_is_spent_that_cannot_be_written_down(fake: FakeOpenAi, make: Make) -> None:
    class Closed(MemoryBook):
        async def spent(self, day: str, channel: str) -> tuple[Use, Use]:
            raise OSError("the disk is gone")

    noted = await make(fake.url, book=Closed(), method="json_schema").hears_as_without()
    assert noted["outcome"] == "over budget (book)" and fake.asked == []


async def test_use_that_could_not_be_written_is_written_before_the_next_call(fake: FakeOpenAi, make: Make) -> None:
    class Sticks(MemoryBook):
        fails = False

        async def add(self, day: str, channel: str, use: Use) -> None:
            if self.fails:
                raise OSError("the disk is full")
            await super().add(day, channel, use)

    book = Sticks()
    stand = make(fake.url, book=book)
    await stand.client.probe.tried.wait()
    book.fails = True
    assert button(await stand.hears()) == UNDERSTOOD
    assert (await stand.hears_as_without(f"{ODD} thanks a lot really"))["outcome"] == "over budget (book)"
    book.fails = False
    await stand.hears(f"{ODD} thanks a lot really")
    mine, _ = await book.spent(stand.client.meter._day(), "ml-ops")
    assert mine.calls == 2


async def test_many_ask_at_once_and_nobody_waits_for_another(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url, timeout_s=7)
    await stand.client.probe.tried.wait()
    fake.says = lambda request: (
        Reply(hang=True) if "slow" in request.user else request.answer({"decision": {"kind": "none"}})
    )
    slow = asyncio.create_task(stand.hears("could you kindly see to the slow churn thing out there"))
    await until(lambda: fake.asked)
    await asyncio.gather(*(stand.hears(f"could you kindly see to churn thing {i} out there") for i in range(6)))
    assert not slow.done()
    slow.cancel()


async def test_a_slow_model_holds_back_no_more_than_half_of_the_answers(fake: FakeOpenAi, make: Make) -> None:
    stand = make(fake.url, timeout_s=5)
    await stand.client.probe.tried.wait()
    fake.says = lambda _: Reply(hang=True)
    slow = [
        asyncio.create_task(stand.hears(f"could you see to churn thing {i} out there")) for i in range(MOST_AT_ONCE)
    ]
    await until(lambda: len(fake.asked) == MOST_AT_ONCE)
    assert (await stand.hears_as_without())["outcome"] == "crowded"
    assert not any(task.done() for task in slow)
    outcomes = [decision.heard["language"]["outcome"] for decision in await asyncio.gather(*slow)]
    assert outcomes == ["too slow"] * MOST_AT_ONCE


# -- somebody else's server --------------------------------------------------------------------------


async def test_aimock_gives_the_right_call(make: Make) -> None:
    with aimock() as url:
        stand = make(url)
        assert button(await stand.hears()) == UNDERSTOOD
        alerts = await stand.hears("tell me is there anything I should worry about please")
        assert isinstance(alerts, Command) and alerts.playbook == "list_alerts"
        nothing = await stand.hears_as_without("could you kindly get the churn one out there")
        assert nothing["outcome"] == "down", "a strict aimock answers 503 to what it has no answer for"


CHAOS = {"ratelimit": "busy", "drop": "down", "malformed": "garbage", "disconnect": "down"}


@pytest.mark.parametrize("chaos", CHAOS)
async def test_whatever_chaos_aimock_makes_people_get_the_local_answer(make: Make, chaos: str) -> None:
    with aimock(f"--chaos-{chaos}", "1") as url:
        noted = await make(url, method="json_schema").hears_as_without()
        assert noted["outcome"] == CHAOS[chaos]
        assert (await make(url).hears_as_without())["outcome"] == "not ready"
