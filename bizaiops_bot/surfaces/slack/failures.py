"""How calls to Slack fail, in one word each."""

from __future__ import annotations

import logging

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

log = logging.getLogger("bizaiops.slack")
FAILURES = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What a call may raise: refused by Slack, or not answered."""


def reason(exc: BaseException) -> str:
    """Slack's own word, "expired_trigger_id"; else what kind of failure it was."""
    if not isinstance(exc, SlackApiError):
        return type(exc).__name__
    answer = getattr(exc.response, "data", exc.response)  # words of a proxy where Slack itself did not answer
    if isinstance(answer, dict) and answer.get("error"):
        return str(answer["error"])
    return "ratelimited" if getattr(exc.response, "status_code", 200) == 429 else "no usable answer"


def retry_after(exc: BaseException) -> float | None:
    """Seconds that Slack asks to wait when it was asked too often (429); None for any other failure."""
    if not isinstance(exc, SlackApiError) or reason(exc) != "ratelimited":
        return None
    headers = getattr(exc.response, "headers", None) or {}
    given = headers.get("Retry-After", headers.get("retry-after", "30"))
    return float(given) if str(given).isdecimal() else 30.0
