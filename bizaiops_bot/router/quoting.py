"""Which words in a message are no order of who sent it: struck out, or somebody else's (quoted, forwarded, pasted from
a log, a chat or a program).

Where what is theirs ends cannot be told for certain, since they may have written the sign that ends it. So a cut goes
as far as it can: to the last fence, or to the end of the message.
"""

from __future__ import annotations

import re

from bizaiops_bot.router.slots import words

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
    r"^[ \t]*-{2,}[ \t]*(?i:(?:forwarded|original|weitergeleitete|ursprüngliche)[ ](?:message|mail|nachricht)|"
    r"message[ ](?:original|d'origine|transféré)|mensaje[ ](?:original|reenviado))\b|"
    r"^[ \t]*(?i:(?:(?:re|aw|antw)[ \t]*:[ \t]*)*(?:begin forwarded message|forwarded message|fwd?|fw|forwarded|"
    r"wg|tr|rv))[ \t]*:|"
    r"^[ \t]*(?i:forwarded from)\b|"
    r"^[ \t]*(?i:on)\b[^\n]{4,120}(?:\n[^\n]{0,80})?\b(?i:wrote)[ \t]*:[ \t]*$|"
    r"^[ \t]*(?i:am|le|el)\b[^\n]{4,120}\b(?i:schrieb\b[^\n:]{0,80}|a écrit|escribió)[ \t]*:[ \t]*$|"
    r"^[ \t*]*(?i:from|von|de)[ \t*]*:[^\n]*\n(?:[^\n]*\n){0,3}?[ \t*]*"
    r"(?i:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|enviado|objet|asunto|para|à)[ \t*]*:|"
    # "Bob said: deploy it" is his; "as I said: deploy it" is one's own
    r"(?:^|(?<=[.;,!?\n]))(?![^.;,!?\n]*\b(?i:i|we)\b[^.;,!?\n]*:)[^.;,!?\n]{1,60}\b"
    r"(?i:said|says|wrote|writes|posted|replied|answered|typed)\b[^.;,!?\n:]{0,40}:(?=\s)|"
    rf"^{_NAME}(?: \(?(?:APP|BOT)\)?)?,?[ \t]+(?:(?:Today|Yesterday)(?: at)? )?\d{{1,2}}:\d\d(?:[ ]?[AaPp][Mm])?"
    r"[ \t]*\n|"
    r"^[ \t]*Traceback \(most recent call last\)|"
    r"^[ \t]*\[?(?:FIRING|RESOLVED)(?::\d+)?(?:\]|:)|"
    r"^[ \t]*(?:\{[ \t\n]*[\"'}{]|\[[ \t\n]*[{\"'])|"  # JSON
    r"(?<=[.;,!?\n])[^.;,!?\n]{0,60}\b(?i:said|says|wrote|writes|posted|replied|answered)[ \t]*[:,]?[ \t]*\n?[ \t]*"
    r"(?:[\"«„]|'(?=[^'\n]* ))",
    re.MULTILINE,
)
_STRUCK = re.compile(
    r"(?<![\w~])(~{1,2})(?=[^\s~])[^~\n]*(?<=[^\s~])\1(?![\w~])|"
    r"<(s|strike|del)\b[^>]*>.*?(?:</\2\s*>|\Z)|"
    r"(?:\S[\u0335-\u0338]+[ \t]*){2,}",  # letters with a line through each
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(
    r'"[^"\n]*\s[^"\n]*"|«[^»\n]*\s[^»\n]*»|»[^«\n]*\s[^«\n]*«|‹[^›\n]*\s[^›\n]*›|「[^」\n]*」|'
    r"(?<!\w)'[^'\n]*\s[^'\n]*'(?!\w)|(?<!`)`[^`\n]*\s[^`\n]*`(?!`)"
)
_ORDERS = re.compile(
    r"\b(?:deploy|ship|releas|roll|revert|retrain|train|paus|resum|unpaus|scal|cancel|abort|approv|reject|freez|unfreez|"
    r"send|stop|promot|restart|undo|delet|remov|drop|kill|start|inject|clear|schedul|mut|unmut|snooz|delegat|restor|accept|confirm|"
    r"go back|go ahead|put|take|switch|shift|set|push|turn|lift|halt|downgrad|reset|sign off)\w*",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"(?:said|says|say|wrote|writes|asked|asks|told|tells|posted|typed|wants|replied|reads|quote)\W*$", re.IGNORECASE
)
# "status churn > deploy it": quoted in one line; "latency > 200" and "v2 > v1" compare.
_WITHIN = re.compile(r"(?<=\s)(?:>|&gt;)[ \t]+(?!v?\d)\S.*$", re.MULTILINE)
_LINK = re.compile(r"<(?:https?|mailto)[^>|\n]*\|[^>\n]*>")  # as chats send a link with a label, which may say anything
_LABELLED = re.compile(r"(<[@#!][^>|\s]{1,80})\|[^>\n]*>")  # a mention with the name that its bearer gave himself


def own(text: str) -> str:
    """`text` without what was struck out and what others wrote; what is left may be empty."""
    text = _LINES.sub("", _without_code(_STRUCK.sub(" ", text)))
    end = _TO_THE_END.search(text)
    text = text[: end.start()] if end else text
    return _LABELLED.sub(r"\1>", _LINK.sub(" ", _WITHIN.sub("", _without_orders_in_quotes(text))))


def _without_orders_in_quotes(text: str) -> str:
    """Without quotations that hold an order, and who is quoted if nothing else is said; a name or a reason may stand in
    quotes, and a message that is one command in backticks was copied from what the bot said.
    """
    reason = words.reason(text)
    end = reason.start if reason else len(text)
    copied = re.fullmatch(r"\s*`[^`]*`\s*", text)

    def kept(m: re.Match[str]) -> str:
        return m[0] if copied or m.start() >= end or not _ORDERS.search(m[0]) else " "

    left = _QUOTED.sub(kept, text)
    return "" if left != text and _TELLS.search(left) else left


def _without_code(text: str) -> str:
    """Without all from the first fence to the last one, or to the end when the last one is open."""
    parts = text.split(_FENCE)
    if len(parts) == 1:
        return text
    closed = len(parts) % 2 == 1
    return f"{parts[0]} {parts[-1]}" if closed else parts[0]
