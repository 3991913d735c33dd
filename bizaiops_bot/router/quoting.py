"""Which words in a message are somebody else's: quoted, forwarded, pasted from a log, a chat or a program.

Where what is theirs ends cannot be told for certain, since they may have written the sign that ends it. So a cut goes
as far as it can: to the last fence, or to the end of the message.
"""

from __future__ import annotations

import re

_FENCE = "```"

_LINES = re.compile(
    r"^[ \t]*(?:"
    r"(?:(?:>|&gt;)(?!>>|&gt;&gt;)|[|│┃▌»])|"  # a quote
    r"\W{0,2}\d{4}-\d\d-\d\d[T ,]+\d\d:\d\d|"  # a log line, with its date
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |[EIWF]\d{4} \d\d:\d\d:\d\d|"  # syslog, klog
    r"\[?(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|CRITICAL)(?:\]|:)|"
    r"\[\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\.?)?\]|"  # a line of a chat
    r"<(?![@!#])\w[\w.-]{0,30}>[ \t]"
    r").*$",
    re.MULTILINE,
)
_NAME = r"[A-Z][\w.'-]{0,30}(?: [A-Z][\w.'-]{0,30}){0,2}"
_TO_THE_END = re.compile(
    r"^[ \t]*(?:>|&gt;){3}|"
    r"^[ \t]*-{2,}[ \t]*(?i:(?:forwarded|original|weitergeleitete|ursprüngliche)[ ](?:message|mail|nachricht))\b|"
    r"^[ \t]*(?i:begin forwarded message|forwarded message|fwd?|fw|forwarded)[ \t]*:|"
    r"^[ \t]*(?i:on)\b[^\n]{4,120}(?:\n[^\n]{0,80})?\b(?i:wrote)[ \t]*:[ \t]*$|"
    r"^[ \t]*(?i:am|le)\b[^\n]{4,120}\b(?i:schrieb\b[^\n:]{0,80}|a écrit)[ \t]*:[ \t]*$|"
    r"^[ \t*]*(?i:from)[ \t*]*:[^\n]*\n(?:[^\n]*\n){0,3}?[ \t*]*(?i:sent|date|to|cc|subject)[ \t*]*:|"
    rf"^{_NAME}(?: \(?(?:APP|BOT)\)?)?,?[ \t]+(?:(?:Today|Yesterday)(?: at)? )?\d{{1,2}}:\d\d(?:[ ]?[AaPp][Mm])?"
    r"[ \t]*\n|"
    r"^[ \t]*Traceback \(most recent call last\)|"
    r"^[ \t]*\[?(?:FIRING|RESOLVED)(?::\d+)?(?:\]|:)|"
    r"^[ \t]*(?:\{[ \t\n]*[\"'}{]|\[[ \t\n]*[{\"'])|"  # JSON
    r"(?<=[.;,!?\n])[^.;,!?\n]{0,60}\b(?i:said|says|wrote|writes|posted|replied|answered)[ \t]*[:,]?[ \t]*\n?[ \t]*"
    r"(?:[\"«„]|'(?=[^'\n]* ))",
    re.MULTILINE,
)
# "status churn > deploy it": quoted in one line; "latency > 200" and "v2 > v1" compare.
_WITHIN = re.compile(r"(?<=\s)(?:>|&gt;)[ \t]+(?!v?\d)\S.*$", re.MULTILINE)
_LINK = re.compile(r"<(?:https?|mailto)[^>|\n]*\|[^>\n]*>")  # as chats send a link with a label, which may say anything
_LABELLED = re.compile(r"(<[@#!][^>|\s]{1,80})\|[^>\n]*>")  # a mention with the name that its bearer gave himself


def own(text: str) -> str:
    """`text` without what others wrote; what is left may be empty."""
    text = _LINES.sub("", _without_code(text))
    end = _TO_THE_END.search(text)
    text = text[: end.start()] if end else text
    return _LABELLED.sub(r"\1>", _LINK.sub(" ", _WITHIN.sub("", text)))


def _without_code(text: str) -> str:
    """Without all from the first fence to the last one, or to the end when the last one is open."""
    parts = text.split(_FENCE)
    if len(parts) == 1:
        return text
    closed = len(parts) % 2 == 1
    return f"{parts[0]} {parts[-1]}" if closed else parts[0]
