"""Fields of a posted form. URL-encoded forms only, read with the standard library: nothing here uploads files."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from bizaiops_bot.domain.errors import BadInput

MAX_FIELDS = 50


async def _fields(request: Request) -> dict[str, str]:
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadInput(
            "The form could not be read.", "It is not URL-encoded UTF-8.", "Use the bot's own page."
        ) from error
    return dict(pairs)


Form = Annotated[dict[str, str], Depends(_fields)]
"""Field name -> value; the last of a repeated one."""


def field(form: dict[str, str], name: str) -> str:
    """A short field. Raises BadInput when it is missing or long."""
    value = form.get(name, "")
    if not 0 < len(value) <= 200:
        raise BadInput(f"The field {name} is missing or too long.", do="Use the bot's own page.")
    return value
