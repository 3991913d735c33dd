"""The one place where errors of listeners end: told in words to whom they concern, or logged with a reference."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.slack.failures import log
from bizaiops_bot.surfaces.slack.listeners._asked import asked_in, tell
from bizaiops_bot.surfaces.slack.room import Room


def register(app: AsyncApp, room: Callable[[], Room]) -> None:
    """Nothing that a listener raises reaches Slack as a failure of the app."""

    async def told(error: Exception, body: dict[str, Any], response: BoltResponse | None) -> BoltResponse | None:
        if not isinstance(error, BoltUnhandledRequestError):
            try:
                await tell(room(), asked_in(body), words_for(error))
            except Exception:
                log.exception("an error could not be told")
        return None if response is None else BoltResponse(status=200)

    app.error(told)


def words_for(error: Exception) -> str:
    """What the person is told; what we did not foresee goes into the log, with a reference."""
    if isinstance(error, BotError):
        return str(error)
    reference = secrets.token_hex(4)
    log.error("a listener failed (%s)", reference, exc_info=error)
    return f"Something went wrong on my side. Reference for the log: {reference}."
