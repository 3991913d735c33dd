"""Secrets are taken out before anything is kept: known shapes, `password=...` in its many spellings, the bot's own.

Every pattern takes linear time: what may repeat is either consumed once matched, or bounded, or cannot begin again
inside itself. `suspects` is a quick look that spares nearly all texts the patterns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

REDACTED = "[redacted]"
SHORTEST_KNOWN = 8

_GITLAB = ("glpat-", "gldt-", "glrt-", "glft-", "glcbt-", "glptt-", "glsoat-", "glimt-", "glagent-")
_SHAPES = (
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}|xapp-[\w-]{10,}",  # Slack
    r"(?<![A-Za-z0-9])sk-(?=[\w-]{0,48}\d)[\w-]{16,}",  # OpenAI and others; "risk-" and "task-" are words
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}|npm_\w{30,}",
    rf"(?:{'|'.join(_GITLAB)})[\w-]{{20,}}",
    r"(?<![A-Z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}",
    r"AIza[\w-]{30,}",
    r"[sr]k_(?:live|test)_\w{16,}",
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",  # JWT
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,60}-----|\Z)",
    r"(?<=://)[^\s/:@]*:[^\s/]+(?=@)",  # user:password@host
    r"(?<=hooks\.slack\.com/services/)[\w/]{20,}",
)
_VALUE = r"[^\s\"',;<>]"
_LIKELY = rf"(?:(?={_VALUE}{{0,64}}\d){_VALUE}{{6,}}|{_VALUE}{{20,}})"
"""What a secret looks like: a digit among six characters, or twenty characters without a space."""
_PASSWORD = r"passwor[dt]|passwd|passphrase|passwort|kennwort|pwd"
_SECRET_WORD = (
    rf"{_PASSWORD}|secret|token|api[_ -]?key|apikey|access[_ -]?key(?:[_ -]?id)?|private[_ -]?key|secret[_ -]?key"
    r"|account[_ -]?key|auth[_ -]?key|credentials?|authorization"
)
_SCHEME = r"(?:(?i:bearer|basic|token)\s{1,3})?"
_QUOTE = r"\\{0,3}[\"']?"  # JSON within a JSON text has its quotes escaped
_ASSIGNED = rf"{_QUOTE}\s{{0,3}}[=:]\s{{0,3}}{_QUOTE}{_SCHEME}"
_NO_PASSWORD = (
    r"(?i:required|missing|invalid|expired|changed|unknown|wrong|incorrect|protected|optional|none|null|true|false|"
    r"empty|reset|please|see|ask|not|is|the|and|or|yes|no)(?!\w)"
)
_WORDED = (
    # A name and a mark of assignment before a value: the name stays, so that people see what was taken out.
    rf"(?P<password>(?i:{_PASSWORD}){_ASSIGNED})(?!{_NO_PASSWORD}){_VALUE}{{4,}}",
    rf"(?P<named>(?i:{_SECRET_WORD}){_ASSIGNED}){_LIKELY}",
    rf"(?P<spoken>(?i:{_PASSWORD}|secret|token|api[_ -]?key)\s{{1,3}}(?:is|ist)\s{{1,3}}[\"']?){_LIKELY}",
    rf"(?P<said>(?i:{_PASSWORD})\s{{1,3}})(?=\S{{0,64}}[A-Za-z])(?=\S{{0,64}}\d){_VALUE}{{6,}}",
    rf"(?P<header>(?i:authorization){_QUOTE}\s{{0,3}}[=:]\s{{0,3}}{_QUOTE}(?i:bearer|basic|token)\s{{1,3}}){_VALUE}{{6,}}",
    r"(?P<query>[?&](?i:sig|signature|x-amz-signature|auth|key)=)[^\s&\"']{12,}",
    r"(?P<user>(?<!\S)(?:-u|--user)[ =][^\s:]{1,64}:)\S{3,}",
    rf"(?P<option>--(?i:{_SECRET_WORD})\s{{1,3}}){_VALUE}{{4,}}",
    r"(?P<bearer>(?<!\w)(?i:bearer)\s{1,3})(?=[\w.~+/=-]{0,64}\d)[\w.~+/=-]{12,}",
)
_SIGNS = (  # all in lower case: a text with none of them, and no "key" of a kind, matches no pattern
    "xox",
    "xapp-",
    "sk-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    *_GITLAB,
    "npm_",
    "akia",
    "asia",
    "aiza",
    "k_live_",
    "k_test_",
    "eyj",
    "private key",
    "passw",
    "passp",
    "kennwort",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "bearer",
    "hooks.slack",
    "sig=",
    "signature=",
    "auth=",
    "?key=",
    "&key=",
    "-u ",
    "--user",
)
_KEYS = ("api", "access", "account", "auth")
_SECRET_KEY = re.compile(rf"(?i)(?:^|[_. -])(?:{_SECRET_WORD})$|(?:password|passwd|secret|token|apikey)$")

_known: tuple[str, ...] = ()


def _compiled(known: tuple[str, ...]) -> re.Pattern[str]:
    own = [re.escape(value) for value in sorted(known, key=len, reverse=True)]
    return re.compile("|".join([*own, *_SHAPES, *_WORDED]))


_pattern = _compiled(())


def know(values: Iterable[str]) -> None:
    """The bot's own secrets, of 8 characters or more: they are taken out wherever they stand, whatever they look like.

    For the whole process; what was known stays known.
    """
    global _known, _pattern  # noqa: PLW0603 - one sink for the process
    _known = tuple(sorted({*_known, *(v for v in values if len(v) >= SHORTEST_KNOWN)}))
    _pattern = _compiled(_known)


def secrets_in(settings: BaseModel) -> Iterator[str]:
    """The values of all SecretStr fields, also of nested models and mappings."""
    return _secrets(settings)


def redact(text: str) -> str:
    """`text` with "[redacted]" for each secret."""
    return _pattern.sub(_replacement, text) if suspects(text) else text


def suspects(text: str) -> bool:
    """Whether the patterns must look at `text`, which may be JSON. False is sure, True is not."""
    low = text.lower()
    for sign in _SIGNS:
        if sign in low:
            return True
    if "://" in low and "@" in low:
        return True
    if "key" in low and any(word in low for word in _KEYS):
        return True
    return any(value in text or _in_json(value) in text for value in _known)


def clean(value: Any) -> Any:
    """As `redact`, for all strings of a JSON value; a string whose key says "password" or the like goes whole."""
    return mapped(value, redact, _redact_named)


def mapped(
    value: Any, text: Callable[[str], str], named: Callable[[str, str], str] | None = None, key: str | None = None
) -> Any:
    """A copy of the JSON value in which `text` was applied to every string and key; others become strings first.

    named: applied instead, as named(key, text), to a string that is the value of a key.
    """
    if isinstance(value, str):
        return text(value) if named is None or key is None else named(key, value)
    if value is None or isinstance(value, int | float | bool):
        return value
    if isinstance(value, dict):
        return {text(str(k)): mapped(v, text, named, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(v, text, named, key) for v in value]
    return mapped(str(value), text, named, key)


def _redact_named(key: str, text: str) -> str:
    if text and _SECRET_KEY.search(key):
        return REDACTED
    return redact(text)


def _replacement(match: re.Match[str]) -> str:
    kept = match[match.lastgroup] if match.lastgroup else ""
    return f"{kept}{REDACTED}"


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner)
