"""A person's token as a file holds it, however an editor or a shell has written it."""

from __future__ import annotations

import codecs
from pathlib import Path

from bizaiops_bot.domain.errors import BadInput

# The longer ones first: UTF-32's begins as UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_token(file: Path | None) -> str | None:
    """The token without byte order mark, spaces and line ends; None without a file.

    Raises BadInput for a file that cannot be read or holds no token; its content is never told.
    """
    if file is None:
        return None
    where = f"The token file {str(file)!r}"
    try:
        token = _text(file.read_bytes()).strip()
    except OSError as exc:
        raise BadInput(f"{where} cannot be read.", f"{exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise BadInput(f"{where} is no text file.", do="Put the token alone into it.") from exc
    if not token:
        raise BadInput(f"{where} is empty.", do="Put the token alone into it.")
    if problem := wrong_with(token):
        raise BadInput(f"{where} holds no token.", f"It {problem}.", "Put the token alone into it.")
    return token


def wrong_with(token: str) -> str:
    """Why a token could not be sent in a header, in words that do not tell it; empty when it can."""
    if not token.strip():
        return "is empty"
    if len(token.splitlines()) > 1:
        return "has more than one line"
    if token != token.strip():
        return "begins or ends with a space"
    if not token.isascii():
        return "has letters that are not ASCII, such as an umlaut or a typographic quote"
    if not token.isprintable():
        return "has a control character"
    return ""


def _text(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding).removeprefix("\ufeff")
    return content.decode("utf-8")
