"""What a message is drawn on, and the few shapes that everything in it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bizaiops_bot.surfaces.render.blockkit_escape import NOTHING, escape, fitted, literal, size
from bizaiops_bot.surfaces.render.blockkit_limits import TEXT
from bizaiops_bot.surfaces.render.clean import clean, spans

Json = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """A chart to upload beside the message. `png` draws it, in 0.1 to 0.5 s: call it in a worker thread."""

    name: str
    title: str
    png: Callable[[], bytes]


@dataclass
class Sheet:
    """How much may be drawn, and what of the rare things was.

    more: where the reader finds what was cut. native: charts and tables as Slack's own new blocks. home: on the Home
    tab, which has no tables. scale: share of the usual length of texts, tables and lists, in 0..1.
    """

    more: str
    native: bool = True
    home: bool = False
    scale: float = 1.0
    tables: int = 0
    data_blocks: int = 0
    charts: int = 0
    cells_text: int = 0
    pictures: list[Picture] = field(default_factory=list)

    def most(self, usual: int, least: int = 1) -> int:
        """`usual` at this sheet's scale."""
        return max(least, int(usual * self.scale))

    def cut(self, left_out: int, what: str) -> list[Json]:
        """A line that says how many were left out and where they are; nothing for none."""
        return [small(f"… {left_out} more {what}: {self.more}.")] if left_out > 0 else []


def plain(text: str, limit: int) -> Json:
    """Text that Slack does not read; emoji names stay names."""
    return {"type": "plain_text", "text": fitted(text, limit), "emoji": False}


def mrkdwn(text: str) -> Json:
    """`text` must be escaped already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def small(text: str) -> Json:
    return {"type": "context", "elements": [mrkdwn(fitted(text, TEXT, escape))]}


def rich(*sections: Json) -> Json:
    return {"type": "rich_text", "elements": list(sections)}


def section(words: Iterable[Json]) -> Json:
    return {"type": "rich_text_section", "elements": list(words)}


def bullets(lines: Iterable[list[Json]]) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": [section(line) for line in lines]}


def preformatted(text: str) -> Json:
    """In a font of equal widths. `text` is made safe here."""
    return {"type": "rich_text_preformatted", "elements": [word(text)]}


def word(text: str, **style: bool) -> Json:
    """A piece of rich text; `text` is made safe here. style: bold, italic, strike, code."""
    piece: Json = {"type": "text", "text": literal(text) or NOTHING}
    return piece | {"style": style} if style else piece


def words(text: str) -> list[Json]:
    """The pieces of neutral text; none for nothing."""
    pieces = [word(piece, **({style: True} if style else {})) for style, piece in spans(clean(text))]
    return [piece for piece in pieces if size(piece["text"])]
