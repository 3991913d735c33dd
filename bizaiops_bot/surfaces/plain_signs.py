"""Output on a terminal that is not UTF-8: what it cannot show becomes what looks most like it, never a traceback."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import TextIO

from bizaiops_bot.domain.cards import BARS, Card

ERRORS = "bizaiops_look_alike"
PLAIN = "bizaiops_plain"
"""ASCII by another name: typer writes UTF-8 to a stream that calls itself ASCII."""
LOOK_ALIKE = {
    **dict(zip(BARS, "_.-~=+*#", strict=True)),
    **dict.fromkeys("─━═╌╭╮╰╯┌┐└┘├┤┬┴┼╔╗╚╝", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("█▉▊▋▌▍▎▏", "#"),
    "·": ".",
    "•": "*",
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
    "…": "...",
    "→": "->",
    "←": "<-",
    "↑": "^",
    "↓": "v",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "±": "+-",
    "×": "x",
    "≈": "~",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "✓": "+",
    "✔": "+",
    "✗": "x",
    "✘": "x",
    "✕": "x",
    "○": "o",
    "●": "*",
    "◐": "*",
    "◌": "o",
    "↩": "<",
    "⏸": "=",
    "▲": "^",
    "▼": "v",
    "△": "^",
    "▽": "v",
    "▶": ">",
    "◀": "<",
    "⚠": "!",
    "›": ">",
    "‹": "<",
    "«": '"',
    "»": '"',
    "€": "EUR",
    "£": "GBP",
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "ł": "l",
    "Ł": "L",
    "°": "deg",
}


def look_alike(character: str) -> str:
    """ASCII for one character; "?" when nothing looks like it."""
    known = LOOK_ALIKE.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in {"Mn", "Cf"}:  # accents of their own, and what has no width
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii() and c.isprintable())
    return plain or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(look_alike, error.object[error.start : error.end])), error.end


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != PLAIN:
        return None
    ascii_ = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_.encode,
        ascii_.decode,
        ascii_.streamreader,
        ascii_.streamwriter,
        name=PLAIN,
        incrementalencoder=ascii_.incrementalencoder,
        incrementaldecoder=ascii_.incrementaldecoder,
    )


codecs.register_error(ERRORS, _replace)
codecs.register(_codec)


def never_fail_to_write() -> None:
    """Standard output and standard error take every character from now on."""
    for stream in (sys.stdout, sys.stderr):
        _soften(stream)


def _soften(stream: TextIO | None) -> None:
    if not isinstance(stream, io.TextIOWrapper):  # None for a program without a terminal; a test's own stream
        return
    ascii_ = codecs.lookup(stream.encoding).name == "ascii"
    stream.reconfigure(encoding=PLAIN if ascii_ else None, errors=ERRORS)


def fitted(text: str, encoding: str) -> str:
    """The text with what `encoding` cannot write replaced, before it is laid out: columns stay columns."""
    if text.isascii():
        return text
    return text.encode(encoding, ERRORS).decode(encoding)


def fitted_card(card: Card, encoding: str) -> Card:
    """The card with all its words `fitted`; the same one on a terminal that takes everything."""
    if encoding.lower().startswith("utf"):
        return card
    return Card.model_validate(_walk(card.model_dump(), encoding))


def _walk(value: object, encoding: str) -> object:
    if isinstance(value, str):
        return fitted(value, encoding)
    if isinstance(value, dict):
        return {name: _walk(inner, encoding) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_walk(inner, encoding) for inner in value)
    return value


def readable(words: str) -> str:
    """Words typed under a locale that is not UTF-8: Python hands on the bytes that it could not read."""
    return words.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
