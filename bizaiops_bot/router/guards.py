"""Stage 0: what may be read as someone's own words, and what may not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from bizaiops_bot.domain.routing import Refusal
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.router import quoting

MAX_CHARS = 2000
HELP = "Say `help` to see what I can do."

_ADDRESS = re.compile(
    r"^\s*(?:/(?:mlops|bizaiops)\b|<@\w+>|@\w+|(?:hey|hi|hello|ok|dear)[ ,]+(?:biz\w*|bot|team)\b|"
    r"(?:biz\w*|bot)\s*[,:])[\s,:]*",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"(?:(?:hi|hey|hello|hallo|good (?:morning|afternoon|evening|day)|morning|thanks?(?: a lot| so much)?|thank you|"
    r"thx|ty|cheers|please|pls|ok|okay|team|bot|all|everyone|guys|folks|best|regards|asap|urgent)\b|[\W_])*"
)
_KEEP = {"\n", "\t"}
_DROPPED = {"Cs", "Co", "Cn"}
_HIDDEN = "\u034f\u115f\u1160\u17b4\u17b5\u3164"
"""Characters without a shape that are not of the category Cf: joiners and fillers."""
_GAP = "\u200b"
_VALUE = re.compile(r"#?v?\d[\d.,:%]*")


def clean(text: str, known: Callable[[str], bool] = lambda _: False) -> str | Refusal:
    """The person's own words: NFKC, no control or invisible characters, nothing quoted, forwarded or pasted, no
    secrets, no address such as `@bot` or `/mlops`.

    known: tells words, in lower case, between which an invisible character is a space; elsewhere it is nothing.
    Newlines stay. Refuses what is too long, empty or only quoted.
    """
    if len(text) > MAX_CHARS:
        return _too_long(len(text))
    plain = _seen("".join(_keep(char) for char in unicodedata.normalize("NFKC", text)), known)
    if len(plain) > MAX_CHARS:
        return _too_long(len(plain))
    if not plain.strip():
        return Refusal(why="There was no text in that message.", help=HELP)
    own = redact(quoting.own(plain)).replace("`", "")
    own = _ADDRESS.sub(
        "", "\n".join(line for line in (re.sub(r"[ \t]+", " ", x).strip() for x in own.splitlines()) if line)
    )
    if not own.strip():
        return _nothing_own(plain)
    return own.strip()


def mixed(text: str) -> bool:
    """Whether cleaned `text` has more than one line that asks or tells something: one of them may be another's words,
    pasted without a mark.
    """
    return sum(not _COURTESY.fullmatch(line) for line in text.lower().splitlines()) > 1


def _seen(text: str, known: Callable[[str], bool]) -> str:
    """`text` without what nobody sees: "status<zero-width space>churn" is two words, "sta<soft hyphen>tus" one."""

    def word(m: re.Match[str]) -> str:
        parts = [part for part in m[0].split(_GAP) if part]
        apart = all(known(part.lower().strip(".,!?")) or _VALUE.fullmatch(part) for part in parts)
        return (" " if apart else "").join(parts)

    return re.sub(r"\S+", word, text) if _GAP in text else text


def _keep(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cc":
        return char if char in _KEEP else " "
    if category in {"Zl", "Zp"}:
        return " "  # no chat breaks a line here, so what is quoted stays quoted
    if category == "Cf" or char in _HIDDEN:
        return _GAP
    return (
        ""
        if category in _DROPPED
        else {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "‚": "'", "–": "-", "—": " - "}.get(
            char, char
        )
    )


def _too_long(size: int) -> Refusal:
    why = f"That message has {size:,} characters; I read at most {MAX_CHARS:,}. Nothing was started."
    return Refusal(why=why, help="Say it in one short sentence, for example `status churn`.")


NOT_OWN = Refusal(
    why="I do not take quoted or pasted text, struck words or code blocks as a request. Nothing was started.",
    help="Write the request in your own words. " + HELP,
)


def _nothing_own(plain: str) -> Refusal:
    if not _ADDRESS.fullmatch(plain):
        return NOT_OWN
    return Refusal(why="There was no request in that message.", help=HELP)
