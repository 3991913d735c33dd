"""Calls to Slack's Web API: the clients that make them, and what their failures mean to the rest of the bot."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import BotError, Permanent, Temporary, Unknown
from bizaiops_bot.surfaces.slack.settings import SlackSettings

T = TypeVar("T")
TIMEOUT_S = 15
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout", "service_timeout"})
TOO_OFTEN = frozenset({"ratelimited", "rate_limited", "accesslimited", "team_added_to_org"})
UNSHOWABLE = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "msg_blocks_too_long",
        "msg_too_long",
        "markdown_text_conflict",
        "too_many_attachments",
        "metadata_too_large",
    }
)
"""A simpler message may be taken."""
ADVICE = {
    "channel_not_found": "Invite the bot there: /invite @bizaiops.",
    "not_in_channel": "Invite the bot there: /invite @bizaiops.",
    "is_archived": "Unarchive the channel, or name another one in BIZAIOPS_HOME or the notices.",
    "restricted_action": "Ask an administrator of Slack to let apps post there.",
    "message_not_found": "Somebody deleted the message; ask for it again.",
    "cant_update_message": "The message is not the bot's own; check that BIZAIOPS_SLACK__BOT_TOKEN is the same app's.",
    "edit_window_closed": "The workspace lets nobody change old messages; ask an administrator of Slack.",
    "missing_scope": "Update the app from `bizaiops slack manifest`, then install it again.",
    "invalid_auth": "Check BIZAIOPS_SLACK__BOT_TOKEN: the token that starts with xoxb-.",
    "not_authed": "Check BIZAIOPS_SLACK__BOT_TOKEN: the token that starts with xoxb-.",
    "token_revoked": "Install the app again and set BIZAIOPS_SLACK__BOT_TOKEN to its new token.",
    "token_expired": "Turn token rotation off for the app, and set BIZAIOPS_SLACK__BOT_TOKEN to its new token.",
    "account_inactive": "The app was removed from the workspace; install it again.",
    "not_allowed_token_type": "This needs another kind of token: xoxb- for the bot, xapp- for Socket Mode.",
}


class Unshowable(Permanent):
    """Slack does not take the message as it is drawn; a simpler one may do."""


def web_client(settings: SlackSettings, *, patient: bool = False) -> AsyncWebClient:
    """patient: waits and tries again by itself, for what only reads; all else is tried once."""
    handlers = [AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler()] if patient else []
    token = settings.bot_token.get_secret_value() if settings.bot_token else None
    client = AsyncWebClient(token=token, base_url=settings.base_url, timeout=TIMEOUT_S, retry_handlers=handlers)
    if is_local(settings.base_url):  # a proxy from the environment must not stand between programs of one machine
        client.proxy = None
    return client


def is_local(url: str) -> bool:
    return urlsplit(url).hostname in LOCAL


async def made(what: str, call: Awaitable[T]) -> T:
    """The call's answer. Raises Temporary, Unknown, Permanent; what: "The card was not posted."."""
    try:
        return await call
    except SlackApiError as exc:
        raise refusal(what, exc) from exc
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
        raise Temporary(what, f"Slack is not reached: {type(exc).__name__}.") from exc
    except (aiohttp.ClientError, SlackClientError, OSError, TimeoutError) as exc:
        raise Unknown(what, f"Slack did not answer: {type(exc).__name__}.") from exc


async def read(what: str, call: Awaitable[T]) -> T:
    """As `made`, for what changes nothing: an answer that did not come is Temporary."""
    try:
        return await made(what, call)
    except Unknown as exc:
        raise Temporary(exc.what, exc.why, exc.do, after_s=exc.after_s) from exc


def refusal(what: str, exc: SlackApiError) -> BotError:
    """Slack's own answer as one of our errors."""
    status, error = status_of(exc.response), word(exc.response)
    if status == 429 or error in TOO_OFTEN:
        wait = _retry_after(exc.response)
        return Temporary(what, f"Slack asks to wait {wait:g} s.", after_s=wait)
    if status >= 500 or error in UNSURE:
        return Unknown(what, f"Slack answered {error or status}.")
    kind = Unshowable if error in UNSHOWABLE else Permanent
    why = f"Slack answered {error or status}{_detail(exc.response)}."
    return kind(what, why, ADVICE.get(error, ""))


def word(response: Any) -> str:
    """ "channel_not_found"; "" for an answer that is none of Slack's."""
    data = _data(response)
    return str(data.get("error") or "")


def status_of(response: Any) -> int:
    """HTTP status; 200 where it is not told."""
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 200)


def _data(response: Any) -> dict[str, Any]:
    data = getattr(response, "data", response)
    return data if isinstance(data, dict) else {}


def _detail(response: Any) -> str:
    """Which scope is missing, or what is wrong with which block."""
    data = _data(response)
    if data.get("needed"):
        return f": {data['needed']}"
    told = (data.get("response_metadata") or {}).get("messages") or data.get("errors") or []
    return f" ({'; '.join(map(str, told))[:300]})" if told else ""


def _retry_after(response: Any) -> float:
    headers = {k.lower(): v for k, v in (getattr(response, "headers", None) or {}).items()}
    given = str(headers.get("retry-after", ""))
    return float(given) if given.isdecimal() else 30.0
