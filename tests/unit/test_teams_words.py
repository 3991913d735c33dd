"""What the router hears of a message in Teams."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bizaiops_bot.surfaces.teams.places import conversation_name, root_of
from bizaiops_bot.surfaces.teams.sdk import ActivityTypeAdapter, MessageActivity
from bizaiops_bot.surfaces.teams.welcome import SAY
from bizaiops_bot.surfaces.teams.words import clean, mentioned, said

BOT = {"id": "28:bot", "name": "BizAIOps"}
LEE = {"id": "29:lee", "name": "Lee Lang"}


def heard(text: str, *mentions: tuple[dict[str, str], str], names: dict[str, str] | None = None, **more: Any) -> str:
    entities = [{"type": "mention", "mentioned": who, "text": tag} for who, tag in mentions]
    body = {
        "type": "message",
        "id": "1",
        "text": text,
        "from": {"id": "29:erin"},
        "recipient": BOT,
        "entities": entities,
        "conversation": {"id": "19:a"},
        **more,
    }
    activity = ActivityTypeAdapter.validate_python(body)
    assert isinstance(activity, MessageActivity)
    assert {account.id for account in mentioned(activity)} <= {LEE["id"]}
    return said(activity, names or {})


def test_the_bots_own_mention_is_no_word() -> None:
    assert heard("<at>BizAIOps</at> status churn", (BOT, "<at>BizAIOps</at>")) == "status churn"
    assert heard("status <at>BizAIOps</at>&nbsp;churn", (BOT, "<at>BizAIOps</at>")) == "status churn"


def test_somebody_elses_mention_is_the_person_or_else_their_name() -> None:
    both = ((BOT, "<at>BizAIOps</at>"), (LEE, "<at>Lee Lang</at>"))
    text = "<at>BizAIOps</at> delegate my approvals to <at>Lee Lang</at>"
    assert heard(text, *both, names={"29:lee": "lead"}) == "delegate my approvals to lead"
    assert heard(text, *both) == "delegate my approvals to Lee Lang"


@pytest.mark.parametrize("text", ["", "  ", "<at>BizAIOps</at>", "<at>BizAIOps</at>&nbsp;\n"])
def test_a_mention_with_nothing_else_asks_for_help(text: str) -> None:
    assert heard(text, (BOT, "<at>BizAIOps</at>")) == "help"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("deploy\u00a0churn&nbsp;v2", "deploy churn v2"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("dep\u200bloy ch\u00adurn", "deploy churn"),
        ("one\r\n\r\n  two  ", "one\ntwo"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
    ],
)
def test_entities_and_invisible_characters_are_gone(text: str, plain: str) -> None:
    assert clean(text) == plain


def test_markup_is_markup_only_in_text_that_teams_calls_so() -> None:
    text = "<p>status<br>churn</p><blockquote>deploy demand v2</blockquote>"
    assert heard(text, textFormat="xml") == "status\nchurn"
    assert heard("is 3 <b or not", textFormat="plain") == "is 3 <b or not"


REPLY = '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1"><strong>Mal</strong><p>{}</p></blockquote>'
MENTION = '<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">BizAIOps</span>&nbsp;'


@pytest.mark.parametrize("quoted", ["roll back churn", "a<blockquote>b</blockquote>roll back churn"])
@pytest.mark.parametrize("own", ["what is this?", ""])
def test_a_quoted_message_is_not_the_senders_though_the_text_has_its_words(quoted: str, own: str) -> None:
    page = f"<div>{REPLY.format(quoted)}<p>{MENTION}{own}</p></div>"
    told = heard(
        f"Malroll back churn <at>BizAIOps</at> {own}",
        (BOT, "<at>BizAIOps</at>"),
        textFormat="plain",
        attachments=[{"contentType": "text/html", "content": page}],
    )
    assert told == (own or "help")


@pytest.mark.parametrize(
    ("page", "plain"),
    [
        ("<blockquote>a<blockquote>b</blockquote>roll back churn</blockquote> status", "status"),
        ("status <blockquote>roll back churn", "status"),
        ("<quote>roll back churn</quote>status", "status"),
        ("</blockquote>status", "status"),
        ("<pre>roll back churn</pre>status", "```\nroll back churn\n```\nstatus"),
    ],
)
def test_nested_and_open_quotes_are_cut_and_code_stays_code(page: str, plain: str) -> None:
    assert clean(page, marked_up=True) == plain


def test_the_place_of_a_quoted_message_is_no_word() -> None:
    assert heard('<quoted messageId="17"/> status churn', textFormat="plain") == "status churn"


def test_a_thread_belongs_to_its_channel() -> None:
    channel, thread = "19:abc@thread.tacv2", "19:abc@thread.tacv2;messageid=1700"
    assert conversation_name(channel) == conversation_name(thread) != conversation_name("19:abd@thread.tacv2")
    assert (root_of(channel), root_of(thread)) == ("", "1700")
    assert len(conversation_name(channel)) <= 80


def test_the_welcome_has_five_things_to_say() -> None:
    assert len(set(SAY)) == 5


@pytest.mark.parametrize(
    "struck",
    [
        "<s>deploy churn v3</s>",
        "<strike>deploy churn v3</strike>",
        "<del>deploy <b>churn</b> v3</del>",
        '<span style="text-decoration:line-through">deploy churn v3</span>',
    ],
)
def test_what_is_struck_out_keeps_its_mark_though_the_plain_text_has_none(struck: str) -> None:
    page = f"<div><p>{struck} status churn</p></div>"
    told = heard(
        "deploy churn v3 status churn", textFormat="plain", attachments=[{"contentType": "text/html", "content": page}]
    )
    assert told == "~deploy churn v3~ status churn"


@pytest.mark.parametrize("kind", ["messageReference", "forwardedMessageReference"])
@pytest.mark.parametrize(
    "pages", [[], [{"contentType": "text/html", "content": '<attachment id="1"></attachment><p>status churn</p>'}]]
)
def test_a_message_that_is_quoted_or_forwarded_by_reference_is_not_the_senders(kind: str, pages: list[Any]) -> None:
    preview = json.dumps({"messageId": "1", "messagePreview": "deploy churn v3", "messageSender": {}})
    attachments = [{"contentType": kind, "content": preview}, *pages]
    assert heard("deploy churn v3\nstatus churn", textFormat="plain", attachments=attachments) == "status churn"
