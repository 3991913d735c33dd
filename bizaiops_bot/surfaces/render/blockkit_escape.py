"""Words from outside made harmless in Slack: nothing in them may notify people, become a link or change the look.

Two ways out, by where the words go. `literal` is for rich text, plain text and cells, which Slack shows as they are;
`escape` is for mrkdwn, which Slack reads. Whatever Slack could take for a mention, a channel, a link or an emoji is
broken with a word joiner, which has no width: the words look the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bizaiops_bot.surfaces.render.clean import clean, one_line, spans

JOINER = "\u2060"
NOTHING = "–"
"""Stands where Slack wants at least one character."""
_LINKS = re.compile(
    r"""
    @(?=\w)                                 # @here, @name, name@host
    | (?<!\w)\#(?=\w)                       # a channel
    | :(?=//) | (?<=\bmailto): | (?<=\btel):
    | (?<=\w)\.(?=[^\W\d_]{2})              # a host without a scheme
    | :(?=[\w+'-]*[^\W\d_][\w+'-]*:)        # an emoji by its name
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ANGLES = re.compile(r"<(?=[@!#/\w])")
_QUOTES = re.compile(r"^(\s*)&gt;", re.MULTILINE)
_UNDERLINES = re.compile(r"(?<!\w)_+|_+(?!\w)")
# mrkdwn has no escape for these: signs that look the same stand in for them.
_SIGNS = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_MARKS = {"bold": "*", "italic": "_", "code": "`"}
_BESIDE_A_MARK = re.compile(r"[\s()\[\]{},.;:!?'\"–—/·-]")


def size(text: str) -> int:
    """Length as Slack's JavaScript counts it: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def literal(text: str) -> str:
    """For rich text, plain text and cells."""
    return _ANGLES.sub("<" + JOINER, _broken(clean(text)))


def escape(text: str) -> str:
    """For mrkdwn and fallback text: `**bold**`, `_italic_` and `` `code` `` become Slack's, all else is literal."""
    pieces = spans(clean(text))
    sides = [("", ""), *pieces, ("", "")]
    out = "".join(
        _styled(style, piece) if _stands_alone(style, piece, sides[i], sides[i + 2]) else _bare(piece)
        for i, (style, piece) in enumerate(pieces)
    )
    return _QUOTES.sub(rf"\1{JOINER}&gt;", out)


def bare(text: str) -> str:
    """For mrkdwn, without any style."""
    return _QUOTES.sub(rf"\1{JOINER}&gt;", _bare(clean(text)))


def fitted(text: str, limit: int, how: Callable[[str], str] = literal) -> str:
    """`text` made safe by `how`, cut so that the result has 1 to `limit` characters."""
    text = text.strip()
    whole = how(text[: limit + 1])
    if len(text) <= limit and size(whole) <= limit:
        return whole.strip() or NOTHING
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(how(_cut(text, middle))) <= limit else (low, middle - 1)
    return how(_cut(text, low)).strip() or NOTHING


def line(text: str, limit: int, how: Callable[[str], str] = literal) -> str:
    """The same on one line."""
    return fitted(one_line(text, limit + 1), limit, how)


def unstyled(text: str) -> str:
    """Without the marks of bold, italic and code, for what shows none."""
    return "".join(piece for _, piece in spans(text))


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip() + "…"


def _broken(text: str) -> str:
    return _LINKS.sub(lambda found: found[0] + JOINER, text)


def _entities(text: str) -> str:
    return _broken(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bare(text: str) -> str:
    return _UNDERLINES.sub(lambda found: "ˍ" * len(found[0]), _entities(text).translate(_SIGNS))


def _styled(style: str, piece: str) -> str:
    inside = _entities(piece) if style == "code" else _bare(piece)
    return f"{_MARKS[style]}{inside}{_MARKS[style]}"


def _stands_alone(style: str, piece: str, before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Slack reads a mark only between blanks or signs, and right at the words; else it would show the mark itself."""
    if not style or piece != piece.strip():
        return False
    beside = (before[1][-1:], after[1][:1])
    return not before[0] and not after[0] and all(not char or _BESIDE_A_MARK.match(char) for char in beside)
