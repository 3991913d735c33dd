"""What a person has said, out of what Teams sends: mentions, HTML entities, invisible characters."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

from bizaiops_bot.surfaces.teams.sdk import Account, MentionEntity, MessageActivity

QUOTE = re.compile(r"<(/?)(?:blockquote|quote)\b[^>]*>", re.IGNORECASE)
CODE = re.compile(r"</?(?:pre|codeblock)\b[^>]*>", re.IGNORECASE)
STRUCK = re.compile(r"<(s|strike|del)\b[^>]*>(.*?)(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
LINE_THROUGH = re.compile(
    r"<(span|p|div|font|em|strong|b|i)\b[^>]*text-decoration[^>]*line-through[^>]*>(.*?)(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
MESSAGE = re.compile(r"(?:forwarded)?messagereference", re.IGNORECASE)
"""The type of what a person's message quotes or forwards; its words may stand in the text as well."""
PLACEHOLDER = re.compile(r"</?quoted\b[^>]*>", re.IGNORECASE)
"""Where a quoted message stands, in newer clients' text."""
HTML_MENTION = re.compile(r"<span\b[^>]*schema\.skype\.com/Mention[^>]*>(.*?)</span>", re.IGNORECASE | re.DOTALL)
BREAK = re.compile(r"<br\s*/?>|</p>|</div>|</li>", re.IGNORECASE)
LEFT_MENTION = re.compile(r"</?at\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
SPACES = re.compile(r"[^\S\n]+")
HELP = "help"


def mentioned(activity: MessageActivity) -> list[Account]:
    """Everybody who is mentioned, without the bot itself."""
    return [m.mentioned for m in _mentions(activity) if not _is_bot(activity, m.mentioned)]


def said(activity: MessageActivity, names: Mapping[str, str]) -> str:
    """The words as the router is to hear them; "help" for a mention of the bot with nothing else.

    names: Teams' id of someone mentioned -> what to call them; whoever is not in it keeps their own name.
    """
    text, marked_up = _written(activity)
    for mention in _mentions(activity):
        tag = mention.text or f"<at>{mention.mentioned.name}</at>"
        if _is_bot(activity, mention.mentioned):
            text = text.replace(tag, " ")
        else:
            name = names.get(mention.mentioned.id) or mention.mentioned.name or ""
            text = text.replace(tag, name, 1)
    return clean(text, marked_up=marked_up) or HELP


def clean(text: str, *, marked_up: bool = False) -> str:
    """Plain words in lines. marked_up: the text is HTML, so tags are markup and a quoted block is not the sender's."""
    if marked_up:
        text = _marked(_unquoted(text))
        text = TAG.sub("", BREAK.sub("\n", CODE.sub("\n```\n", text)))
    text = html.unescape(PLACEHOLDER.sub("", LEFT_MENTION.sub("", text)))
    text = INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _written(activity: MessageActivity) -> tuple[str, bool]:
    """The text, and whether it is HTML. In plain text Teams runs the words of a quoted message, or of code, into the
    sender's own; the page beside it tells them apart.
    """
    pages = (a.content for a in activity.attachments or [] if a.content_type == "text/html")
    page = next((page for page in pages if isinstance(page, str)), "")
    marks = (QUOTE, CODE, STRUCK, LINE_THROUGH)
    if any(mark.search(page) for mark in marks) or (page and _references(activity)):
        return HTML_MENTION.sub(r"<at>\1</at>", page), True
    return _without_references(activity), activity.text_format in ("xml", "html")


def _marked(text: str) -> str:
    """What is struck out, as the router knows it: without its own markup, so that a line has its mark at both ends."""

    def struck(m: re.Match[str]) -> str:
        lines = TAG.sub("", BREAK.sub("\n", m[2])).replace("~", " ").split("\n")
        return "\n".join(f" ~{line.strip()}~ " for line in lines if line.strip())

    return LINE_THROUGH.sub(struck, STRUCK.sub(struck, text))


def _references(activity: MessageActivity) -> list[str]:
    """What other messages say that this one quotes or forwards."""
    found = [a.content for a in activity.attachments or [] if MESSAGE.fullmatch(str(a.content_type))]
    return [_preview(content) for content in found]


def _preview(content: object) -> str:
    try:
        body = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        return ""
    return str(body.get("messagePreview") or "") if isinstance(body, dict) else ""


def _without_references(activity: MessageActivity) -> str:
    text = activity.text or ""
    for said in filter(None, _references(activity)):
        text = text.replace(said.strip(), " ")
    return text


def _unquoted(text: str) -> str:
    """Without quoted blocks, those inside others too; one that has no end quotes all the rest."""
    kept, depth, at = list[str](), 0, 0
    for tag in QUOTE.finditer(text):
        if depth == 0:
            kept.append(text[at : tag.start()])
        depth = max(0, depth - 1) if tag[1] else depth + 1
        at = tag.end()
    return "\n".join([*kept, text[at:] if depth == 0 else ""])


def _mentions(activity: MessageActivity) -> list[MentionEntity]:
    return [entity for entity in activity.entities or [] if isinstance(entity, MentionEntity)]


def _is_bot(activity: MessageActivity, account: Account) -> bool:
    return activity.recipient is not None and account.id == activity.recipient.id
