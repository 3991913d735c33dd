"""Text in Adaptive Cards. It stands in text runs, which know no Markdown; where Markdown is read, it is disarmed."""

from __future__ import annotations

import re
from typing import Any

from bizaiops_bot.surfaces.render.clean import clean, one_line, spans

Element = dict[str, Any]
JOINER = "\u2060"
"""Has no width: within a mark that a client would read, it leaves its look and takes its effect."""
STYLES: dict[str, Element] = {
    "bold": {"weight": "Bolder"},
    "italic": {"italic": True},
    "code": {"fontType": "Monospace"},
}
SEE_ALL = "see all in the console"
LINE = 75
"""Characters that a line counts for at least: many short ones take room too."""
_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/!?@#])")
_LINK = re.compile(r"(?<=\])(?=[(\[:])|(?<=:)(?=//)|(?<=mailto:)|(?<=www)(?=\.)|(?<=\w)(?=@\w)", re.IGNORECASE)
_HOST = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2,})")
_MARKDOWN = re.compile(r"([\\`*_\[\]#~|!])|^(\s*)([-+>]|\d+[.)])(?=\s|$)", re.MULTILINE)
_PLAIN = re.compile(r"(?!\s|[-+]|\d+[.)])(?:[^\W_]|[ ,;:()%€$£°·–—’“”/=→…+?.-])+")
_LINKED = re.compile(r"://|[^\W\d_]\.[^\W_]|\d\.[^\W\d_]|\bwww\b|\bmailto\b", re.IGNORECASE)


def literal(text: str) -> str:
    """For a text run: functions like {{DATE(…)}}, and mentions, are no more than their letters."""
    return _MENTION.sub(f"<{JOINER}", text.replace("{{", f"{{{JOINER}{{"))


def run(text: str, **style: Any) -> Element:
    """One run. Leading and trailing blanks stay."""
    return {"type": "TextRun", "text": literal(text), **style}


def inline(text: str, **style: Any) -> list[Element]:
    """Runs of a paragraph with its bold, italic and code; never none."""
    return [run(piece, **{**style, **STYLES.get(kind, {})}) for kind, piece in spans(text)] or [run("–", **style)]


def rich(runs: list[Element], **more: Any) -> Element:
    """A text block without Markdown."""
    return {"type": "RichTextBlock", "inlines": runs, **more}


def small(text: str, **more: Any) -> Element:
    """Small print."""
    return rich(inline(text, size="Small", isSubtle=True), **more)


def cut(text: str, limit: int, note: str = " …") -> str:
    """`text` up to a blank before `limit`, with `note`, when it is longer."""
    if len(text) <= limit:
        return text
    place = text.rfind(" ", limit - limit // 8, limit)
    return text[: place if place > 0 else limit] + note


def paragraphs(text: str, limit: int) -> list[Element]:
    """A block a line, as clients do not agree on line breaks within one; lines after a blank one stand apart."""
    shown = cut(clean(text).strip(), limit, f" … ({SEE_ALL})")
    elements: list[Element] = []
    apart = True
    for line in shown.replace("\t", " ").splitlines():
        if line.strip():
            elements.append(rich(inline(line.strip()), **({} if apart else {"spacing": "None"})))
        apart = not line.strip()
    most = max(3, limit // LINE)
    return elements if len(elements) <= most else [*elements[:most], small(f"… ({SEE_ALL})", spacing="None")]


def heading(text: str, **more: Any) -> Element:
    """A heading for screen readers too, where the text has no sign that Markdown reads; else a run that looks so."""
    shown = one_line(text) or "–"
    if _PLAIN.fullmatch(shown) and not _LINKED.search(shown):
        look = {"size": "Medium", "weight": "Bolder", "wrap": True, "style": "heading"}
        return {"type": "TextBlock", "text": shown, **look, **more}
    return rich([run(shown, size="Medium", weight="Bolder")], **more)


def disarmed(text: str) -> str:
    """For plain text outside cards, such as a notification: no mention, tag, or link is left in it, nothing is lost."""
    plain = "".join(piece for _, piece in spans(clean(text)))
    return _HOST.sub(f".{JOINER}", _LINK.sub(JOINER, _TAG.sub(f"<{JOINER}", literal(plain))))


def escaped(text: str) -> str:
    """For a place that reads Markdown."""
    return _MARKDOWN.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}{m[3][:-1]}\\{m[3][-1]}", disarmed(text))
