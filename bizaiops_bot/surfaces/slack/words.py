"""What somebody wrote in Slack, as the plain words they meant."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#([CGD][A-Z0-9]+)(?:\|([^>]*))?>")
_GROUP = re.compile(r"<!subteam\^(\w+)(?:\|@?([^>]*))?>")
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_SPECIAL = re.compile(r"<!(\w+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:mailto:|tel:)?([^@#!|>][^|>]*)(?:\|[^>]*)?>")
_TYPED = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u200b": "", "\ufeff": ""})


def mentioned(text: str) -> list[str]:
    """Ids of the users that a text mentions, each once."""
    return list(dict.fromkeys(found[1] for found in _USER.finditer(text)))


def with_marks(text: str, blocks: Iterable[Mapping[str, Any]]) -> str:
    """The text with `~` around what the blocks say is struck out, where the text itself does not have it."""
    for piece in _pieces(blocks):
        said = html.escape(str(piece.get("text", "")), quote=False).strip()
        if said and piece.get("style", {}).get("strike") and f"~{said}~" not in text:
            text = text.replace(said, f"~{said}~")
    return text


def _pieces(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if block.get("type") == "text":
            yield block
        inside = block.get("elements")
        yield from _pieces(inside) if isinstance(inside, list) else ()


def plain(text: str, *, own: str = "", names: Mapping[str, str] | None = None) -> str:
    """own: the bot's user, whose mentions are left out. names: user -> what the bot calls them; others stay "@name"."""
    known = names or {}

    def person(found: re.Match[str]) -> str:
        user = found[1]
        return "" if user == own else known.get(user) or f"@{found[2] or user}"

    text = _USER.sub(person, text)
    text = _CHANNEL.sub(lambda found: f"#{found[2] or found[1]}", text)
    text = _GROUP.sub(lambda found: f"@{found[2] or found[1]}", text)
    text = _DATE.sub(r"\1", text)
    text = _SPECIAL.sub(r"@\1", text)
    text = _LINK.sub(r"\1", text)
    text = html.unescape(text).translate(_TYPED)
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()
