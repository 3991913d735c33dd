"""Making outside text safe to show, before any escaping: the same for HTML, terminal and pictures."""

from __future__ import annotations

import math
import re

# Control characters move a terminal's cursor; bidirectional overrides make text read as something else; what has no
# shape at all (zero-width signs, tag letters) can carry words that nobody sees. Joiners stay: scripts need them.
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\U000e0000-\U000e007f]"
)
INLINE = re.compile(r"\*\*(?P<bold>[^*\n]+)\*\*|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)|`(?P<code>[^`\n]+)`")


OURS = re.compile(r"https?://[^\s/?#@<>|]+(?:/[\w.-]+)*/(?:handbook|files)\b[^\s<>|]*")


def is_ours(url: str) -> bool:
    """Whether an address is built like a page of the console that cards link to; nothing else becomes a link."""
    return OURS.fullmatch(url) is not None


def clean(text: str) -> str:
    """`text` without control, surrogate and direction characters; line breaks become a plain newline."""
    return UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int = 200) -> str:
    """`text` on one line, cut at `limit` characters with an ellipsis."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def spans(text: str) -> list[tuple[str, str]]:
    """(style, text) pieces of a paragraph; style is "", "bold", "italic" or "code". Everything else is literal."""
    pieces, end = [], 0
    for match in INLINE.finditer(text):
        pieces.append(("", text[end : match.start()]))
        pieces.append((match.lastgroup or "", match[match.lastgroup or 0]))
        end = match.end()
    pieces.append(("", text[end:]))
    return [(style, piece) for style, piece in pieces if piece]


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it: "1,240", "12.5%", "0.034", "3.1M"; an en dash for nothing."""
    if value is None or not math.isfinite(value):
        return "–"
    text = _digits(value)
    unit = one_line(unit, 20)
    if unit in {"€", "$", "£"}:
        return f"-{unit}{text[1:]}" if text.startswith("-") else unit + text
    return text + unit if unit in {"%", "x", "°"} else f"{text} {unit}".rstrip()


def _digits(value: float) -> str:
    size = abs(value)
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if limit <= size < 1e15:
            return f"{value / limit:.1f}{suffix}"
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.1e}"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
