"""Cards in Slack: posted once, edited in place, drawn simpler when Slack wants it, and errors said as what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card, Chart, Series, Text
from bizaiops_bot.domain.errors import Permanent, Temporary, Unknown
from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.slack.calls import web_client
from bizaiops_bot.surfaces.slack.platform import SlackPlatform
from bizaiops_bot.surfaces.slack.reading_back import ReadingBack
from tests.support.demo_process import free_port
from tests.support.fake_lobby import FakeDirectory, FakeForms, RecordingDesk
from tests.support.fake_ports import FakeClock
from tests.support.slack_web_api import GONE, WebApi, until, web_api

CHART = Chart(title="error rate", kind="line", x=("1", "2"), series=(Series(name="v1", values=(0.1, 0.2)),))
REFUSAL = Card(title="analyst may not deploy", tone="danger", answer="refused")


def posted(card: Card, *, card_id: str = "c-1", version: int = 1, asked_by: str | None = None) -> PostedCard:
    return PostedCard(
        seq=1,
        id=card_id,
        version=version,
        conversation="slack:C1",
        thread="m-1",
        reply_to="m-1",
        at=FakeClock().now(),
        card=card,
        buttons=(),
        asked_by=asked_by,
    )


STATUS = posted(Card(title="churn serves v1", blocks=(Text(text="all is well"),)))


@pytest.fixture
async def api() -> AsyncIterator[WebApi]:
    async with web_api() as running:
        yield running


def platform(api: WebApi, *, native: bool = True) -> SlackPlatform:
    client = web_client(api.settings())
    return SlackPlatform(client, client, native=native)


async def post(
    slack: SlackPlatform, card: PostedCard = STATUS, *, thread: str | None = "9.1", channel: str = "C1"
) -> str:
    return await slack.post(channel, thread, card, outbox_id=card.id, version=card.version)


# -- posting ---------------------------------------------------------------------------------------


async def test_a_card_is_posted_into_its_thread_with_its_id_and_nothing_unfurls_or_notifies(api: WebApi) -> None:
    assert await post(platform(api)) == "1.000100"
    (call,) = api.of("chat.postMessage")
    assert (call["channel"], call["thread_ts"]) == ("C1", "9.1")
    assert call["metadata"] == {
        "event_type": "bizaiops_card",
        "event_payload": {"outbox_id": "c-1", "version": 1},
    }
    assert "churn serves v1" in call["text"] and call["blocks"]
    assert (call["unfurl_links"], call["unfurl_media"], "link_names" in call) == (False, False, False)


async def test_an_edit_replaces_the_message_and_its_version(api: WebApi) -> None:
    slack = platform(api)
    newer = STATUS.model_copy(update={"version": 4})
    await slack.edit("C1", "1.000100", newer, outbox_id="c-1", version=4)
    (call,) = api.of("chat.update")
    assert (call["ts"], call["metadata"]["event_payload"]["version"]) == ("1.000100", 4)


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"])
async def test_what_slack_refuses_as_it_is_drawn_is_drawn_simpler_and_at_last_is_text(api: WebApi, error: str) -> None:
    api.refuses("chat.postMessage", error)
    assert await post(platform(api)) == "1.000100"
    assert len(api.of("chat.postMessage")) == 2
    api.calls.clear()
    api.refuses("chat.postMessage", error, error)
    assert await post(platform(api)) == "1.000100"
    last = api.of("chat.postMessage")[-1]
    assert not last.get("blocks") and "churn serves v1" in last["text"] and last["metadata"]


async def test_what_is_refused_even_as_text_is_told_as_refused(api: WebApi) -> None:
    api.says("chat.postMessage", {"ok": False, "error": "msg_too_long"})
    with pytest.raises(Permanent, match="msg_too_long"):
        await post(platform(api))
    assert len(api.of("chat.postMessage")) == 3


def natives(call: dict[str, Any]) -> list[str]:
    return [b["type"] for b in call.get("blocks") or [] if b["type"].startswith("data_")]


async def test_a_workspace_without_native_charts_is_asked_only_once(api: WebApi) -> None:
    slack, charted = platform(api), posted(Card(title="health", blocks=(CHART,)))
    api.refuses("chat.postMessage", "invalid_blocks")
    await post(slack, charted)
    first, second = api.of("chat.postMessage")
    assert natives(first) and not natives(second)
    await post(slack, charted.model_copy(update={"id": "c-2"}))
    assert not natives(api.of("chat.postMessage")[-1]) and len(api.of("chat.postMessage")) == 3
    await slack.pictures.stop()


async def test_one_bad_card_without_charts_does_not_take_charts_away(api: WebApi) -> None:
    slack, charted = platform(api), posted(Card(title="health", blocks=(CHART,)), card_id="c-2")
    api.refuses("chat.postMessage", "invalid_blocks")
    await post(slack)
    await post(slack, charted)
    assert natives(api.of("chat.postMessage")[-1])


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((429, {"Retry-After": "7"}), Temporary, "wait 7 s"),
        ({"ok": False, "error": "ratelimited"}, Temporary, "wait"),
        (503, Unknown, "503"),
        (GONE, Unknown, "did not answer"),
        ({"ok": False, "error": "fatal_error"}, Unknown, "fatal_error"),
        ({"ok": False, "error": "service_unavailable"}, Unknown, "service_unavailable"),
        ({"ok": False, "error": "channel_not_found"}, Permanent, "/invite"),
        ({"ok": False, "error": "not_in_channel"}, Permanent, "/invite"),
        ({"ok": False, "error": "is_archived"}, Permanent, "Unarchive"),
        ({"ok": False, "error": "invalid_auth"}, Permanent, "BIZAIOPS_SLACK__BOT_TOKEN"),
        ({"ok": False, "error": "missing_scope", "needed": "chat:write"}, Permanent, "chat:write"),
    ],
)
@pytest.mark.parametrize("op", ["post", "edit"])
async def test_an_error_says_whether_it_may_have_been_posted(
    api: WebApi, answer: Any, kind: type[Exception], words: str, op: str
) -> None:
    slack = platform(api)
    api.says("chat.postMessage" if op == "post" else "chat.update", answer)
    doing = post(slack) if op == "post" else slack.edit("C1", "1.1", STATUS, outbox_id="c-1", version=2)
    with pytest.raises(kind, match=words) as caught:
        await doing
    assert type(caught.value) is kind
    if isinstance(answer, tuple):
        assert isinstance(caught.value, Temporary) and caught.value.after_s == 7
    assert len(api.calls) == 1  # the poster waits and tries again, not the SDK


async def test_a_connection_that_is_refused_posted_nothing(api: WebApi) -> None:
    api.url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Temporary, match="not reached"):
        await post(platform(api))


# -- for one person alone --------------------------------------------------------------------------


def knowing(slack: SlackPlatform) -> SlackPlatform:
    directory = FakeDirectory()
    directory.seen["analyst"] = Identity(platform="slack", workspace="T1", user="UANA")
    slack.knows(directory, FakeForms(RecordingDesk()))
    return slack


async def test_a_refusal_is_seen_only_by_whom_it_refuses_and_never_edited(api: WebApi) -> None:
    slack = knowing(platform(api))
    api.says("chat.postEphemeral", {"ok": True, "message_ts": "2.2"})
    refusal = posted(REFUSAL, asked_by="analyst")
    ref = await post(slack, refusal)
    assert ref == "ephemeral:2.2"
    (call,) = api.of("chat.postEphemeral")
    assert (call["user"], call["channel"], call["thread_ts"]) == ("UANA", "C1", "9.1")
    await slack.edit("C1", ref, refusal, outbox_id="c-1", version=2)
    assert len(api.calls) == 1


@pytest.mark.parametrize(("channel", "asked_by"), [("D1", "analyst"), ("C1", None), ("C1", "somebody-of-the-console")])
async def test_a_refusal_is_posted_normally_where_only_one_reads_or_nobody_is_known(
    api: WebApi, channel: str, asked_by: str | None
) -> None:
    await post(knowing(platform(api)), posted(REFUSAL, asked_by=asked_by), channel=channel)
    assert [method for method, _ in api.calls] == ["chat.postMessage"]


async def test_a_refusal_for_who_is_not_in_the_channel_is_posted_for_all(api: WebApi) -> None:
    api.says("chat.postEphemeral", {"ok": False, "error": "user_not_in_channel"})
    assert await post(knowing(platform(api)), posted(REFUSAL, asked_by="analyst")) == "1.000100"


# -- reading back ----------------------------------------------------------------------------------


def message(ts: str, outbox_id: str = "", version: int = 1) -> dict[str, Any]:
    payload = {"outbox_id": outbox_id, "version": version}
    return (
        {"ts": ts, "metadata": {"event_type": "bizaiops_card", "event_payload": payload}} if outbox_id else {"ts": ts}
    )


def pages(*all_pages: list[dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """conversations.history by `latest`: each page begins where the one before has ended."""
    ends = ["", *(page[-1]["ts"] for page in all_pages)]

    def answer(args: dict[str, Any]) -> dict[str, Any]:
        number = ends.index(args.get("latest") or "")
        more = number < len(all_pages) - 1
        return {"ok": True, "messages": all_pages[number], "has_more": more}

    return answer


async def test_a_card_is_found_in_its_thread_with_the_version_it_shows(api: WebApi) -> None:
    api.says("conversations.replies", {"ok": True, "messages": [message("9.1"), message("9.3", "c-1", 3)]})
    assert await platform(api).find("C1", "c-1", thread_ref="9.1") == ("9.3", 3)
    assert api.of("conversations.replies")[0]["include_all_metadata"] in ("1", True, "True")


async def test_a_card_is_found_on_a_later_page_of_a_thread_and_of_the_channel(api: WebApi) -> None:
    first = {"ok": True, "messages": [message("9.1")], "response_metadata": {"next_cursor": "abc"}}
    api.says("conversations.replies", first, {"ok": True, "messages": [message("9.9", "c-1")]})
    assert await platform(api).find("C1", "c-1", thread_ref="9.1") == ("9.9", 1)
    api.says("conversations.history", pages([message("8.3"), message("8.2")], [message("8.1", "c-2", 2)]))
    assert await platform(api).find("C1", "c-2") == ("8.1", 2)


async def test_none_is_said_only_after_thread_and_channel_were_read_to_their_end(api: WebApi) -> None:
    api.says("conversations.replies", {"ok": True, "messages": [message("9.1", "other")]})
    api.says("conversations.history", pages([message("8.3", "another")], [message("8.1")]))
    assert await platform(api).find("C1", "c-1", thread_ref="9.1") is None
    assert (len(api.of("conversations.replies")), len(api.of("conversations.history"))) == (1, 2)


async def test_a_deleted_thread_has_no_card(api: WebApi) -> None:
    api.refuses("conversations.replies", "thread_not_found")
    api.says("conversations.history", {"ok": True, "messages": []})
    assert await platform(api).find("C1", "c-1", thread_ref="9.1") is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (503, Temporary),
        (GONE, Temporary),
        ((429, {"Retry-After": "3"}), Temporary),
        ({"ok": False, "error": "missing_scope", "needed": "channels:history"}, Permanent),
    ],
)
async def test_what_cannot_be_told_is_not_told_as_none(api: WebApi, answer: Any, kind: type[Exception]) -> None:
    api.says("conversations.history", answer)
    with pytest.raises(kind):
        await platform(api).find("C1", "c-1")


async def test_what_this_process_tried_is_read_back_for_a_day_and_what_an_earlier_one_did_for_two_weeks(
    api: WebApi,
) -> None:
    now = 100 * 86_400.0
    reading = ReadingBack(web_client(api.settings()), wall=lambda: now)
    api.says("conversations.history", {"ok": True, "messages": []})
    api.says("conversations.replies", {"ok": True, "messages": []})
    reading.tries("c-1", "9.1")
    assert await reading.find("C1", "c-1", None) is None
    assert await reading.find("C1", "c-2", None) is None
    own, others = (float(call["oldest"]) / 86_400 for call in api.of("conversations.history"))
    assert (own, others) == (99, 86)
    assert api.of("conversations.replies")[0]["ts"] == "9.1"


async def test_a_look_that_was_cut_short_goes_on_where_it_ended(api: WebApi) -> None:
    reading = ReadingBack(web_client(api.settings()))
    whole = pages([message("8.3")], [message("8.2")], [message("8.1", "c-1")])
    api.says("conversations.history", whole, 503, whole)
    with pytest.raises(Temporary):
        await reading.find("C1", "c-1", None)
    assert await reading.find("C1", "c-1", None) == ("8.1", 1)
    assert [call.get("latest") for call in api.of("conversations.history")] == [None, "8.3", "8.3", "8.2"]


# -- pictures --------------------------------------------------------------------------------------


async def test_a_chart_is_a_picture_in_the_thread_once_and_anew_only_when_it_has_changed(api: WebApi) -> None:
    uploads = iter(("F1", "F2"))
    api.says(
        "files.getUploadURLExternal",
        lambda _: {"ok": True, "upload_url": f"{api.url}/api/upload", "file_id": next(uploads)},
    )
    api.says("upload", 200)
    api.says("files.completeUploadExternal", lambda args: {"ok": True, "files": [{"id": "F1"}]})
    slack, charted = platform(api, native=False), posted(Card(title="health", blocks=(CHART,)))
    await post(slack, charted)
    await until(lambda: len(api.of("files.completeUploadExternal")) == 1)
    done = api.of("files.completeUploadExternal")[0]
    assert (done["channel_id"], done["thread_ts"]) == ("C1", "9.1")
    api.says("chat.update", {"ok": True, "ts": "1.000100", "message": {"thread_ts": "9.1"}})
    await slack.edit("C1", "1.000100", charted, outbox_id="c-1", version=2)
    changed = CHART.model_copy(update={"series": (Series(name="v1", values=(0.9, 0.1)),)})
    newer = posted(Card(title="health", blocks=(changed,)), version=3)
    await slack.edit("C1", "1.000100", newer, outbox_id="c-1", version=3)
    await until(lambda: len(api.of("files.delete")) == 1)
    assert len(api.of("files.completeUploadExternal")) == 2 and api.of("files.delete")[0]["file"] == "F1"
    await slack.pictures.stop()


async def test_a_picture_that_cannot_be_uploaded_costs_no_card(api: WebApi, caplog: pytest.LogCaptureFixture) -> None:
    api.says("files.getUploadURLExternal", {"ok": False, "error": "missing_scope", "needed": "files:write"})
    slack = platform(api, native=False)
    assert await post(slack, posted(Card(title="health", blocks=(CHART,)))) == "1.000100"
    await until(lambda: "files:write" in caplog.text)
    await slack.pictures.stop()
