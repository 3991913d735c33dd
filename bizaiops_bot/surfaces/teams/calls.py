"""Calls to Teams, each made once, and what Teams' refusals mean."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bizaiops_bot.domain.errors import Permanent, Temporary, Unknown
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.teams.app import token_problem
from bizaiops_bot.surfaces.teams.auth import is_trusted
from bizaiops_bot.surfaces.teams.sdk import (
    ApiClient,
    App,
    Attachment,
    ChannelInfo,
    MessageActivityInput,
    TeamsChannelAccount,
)
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

log = logging.getLogger("bizaiops.teams")
CARD = "application/vnd.microsoft.card.adaptive"
NO_ID = "DO_NOT_USE_PLACEHOLDER_ID"
"""What the SDK gives as the id of a message when Teams gave none."""
NO_TOKEN_S = 30.0


class TooLarge(Permanent):
    """Teams does not take a message of that size."""


class Calls:
    """The bot's side of Teams' Bot Connector. `problem`: why the last call had no token, empty when it had one."""

    def __init__(self, app: App, settings: TeamsSettings) -> None:
        self._app, self._settings = app, settings
        self._clients: dict[str, ApiClient] = {}
        self.problem = ""

    async def send(
        self, place: ChatPlace, *, root: str = "", card: dict[str, Any] | None = None, text: str = "", summary: str = ""
    ) -> str:
        """A new message: a card, or plain text, never both, as Teams shows those as two. Returns its id.

        root: of the channel's thread it goes into. summary: shown in the notification of a card.
        """
        client = await self._client(place)
        async with _told("The message was not posted.", place):
            sent = await client.conversations.create_activity(_address(place, root), _message(card, text, summary))
        if sent.id in ("", NO_ID):
            raise Unknown("Teams did not say which message the card became.")
        return sent.id

    async def edit(
        self, place: ChatPlace, message: str, *, root: str = "", card: dict[str, Any] | None = None, text: str = ""
    ) -> None:
        """Replaces a message of the bot, for everybody."""
        client = await self._client(place)
        async with _told("The message was not changed.", place):
            changed = _message(card, text, "")
            await client.conversations.update_activity(_address(place, root), message, changed)

    async def member(self, place: ChatPlace, member: str) -> TeamsChannelAccount:
        """A member of the conversation, with e-mail, tenant and role. Raises Permanent when there is no such member."""
        client = await self._client(place)
        async with _told("Who that is was not told.", place):
            found: TeamsChannelAccount = await client.conversations.get_member_by_id(place.reference["id"], member)
            return found

    async def channels(self, place: ChatPlace, team: str) -> list[ChannelInfo]:
        """The team's channels; the first one, General, has no name."""
        client = await self._client(place)
        async with _told("The team's channels were not told.", place):
            return await client.teams.get_conversations(team)

    async def tell(self, place: ChatPlace, text: str, *, root: str = "") -> None:
        """A short plain message that is not kept and not repeated; a failure is logged."""
        try:
            await self.send(place, root=root, text=text)
        except (Permanent, Temporary, Unknown) as exc:
            log.warning("%s was not told: %s", place.conversation, exc)

    async def close(self) -> None:
        for client in (self._app.http_client, self._app.api.http):
            await client.http.aclose()

    async def _client(self, place: ChatPlace) -> ApiClient:
        """For the place's service. The token is looked at first, so that its failing is told from the call's."""
        url = place.reference.get("service_url") or self._app.api.service_url
        if not is_trusted(url, self._settings):
            raise Permanent(
                f"Nothing is sent to {url[:200]!r}.",
                "That is no address of Microsoft Teams.",
                "If it is right, set BIZAIOPS_TEAMS__SERVICE_URL to it.",
            )
        self.problem = await token_problem(self._app)
        if self.problem:
            do = "Check BIZAIOPS_TEAMS__CLIENT_ID, __CLIENT_SECRET and __TENANT_ID."
            raise Temporary(self.problem, do=do, after_s=NO_TOKEN_S)
        if url not in self._clients:
            self._clients[url] = self._app.api.clone(service_url=url)
        return self._clients[url]


def _address(place: ChatPlace, root: str) -> str:
    return f"{place.reference['id']};messageid={root}" if root else place.reference["id"]


def _message(card: dict[str, Any] | None, text: str, summary: str) -> MessageActivityInput:
    if card is None:
        return MessageActivityInput(text=text, text_format="plain")
    attachment = Attachment(content_type=CARD, content=card)
    return MessageActivityInput(attachments=[attachment], summary=summary or None)


@asynccontextmanager
async def _told(what: str, place: ChatPlace) -> AsyncIterator[None]:
    """Turns the HTTP client's errors into ours."""
    try:
        yield
    except httpx.HTTPStatusError as exc:
        raise _refusal(what, place, exc.response) from exc
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
        raise Temporary(what, f"Teams is not reached: {type(exc).__name__}.", after_s=2.0) from exc
    except httpx.TransportError as exc:
        raise Unknown(what, f"Teams did not answer: {type(exc).__name__}.", after_s=2.0) from exc


def _refusal(what: str, place: ChatPlace, response: httpx.Response) -> Temporary | Unknown | Permanent:
    """429 and 412 are throttling: not accepted. 503 with a Retry-After is too; every other 5xx may have been taken."""
    status, why = response.status_code, _why(response)
    wait = _retry_after(response)
    if status in (429, 412) or (status == 503 and wait is not None):
        return Temporary(what, why, after_s=1.0 if wait is None else wait)
    if status == 401:
        return Temporary(what, why, "Check the bot's registration in Entra.", after_s=NO_TOKEN_S)
    if status >= 500:
        return Unknown(what, why, after_s=2.0)
    if status == 413:
        return TooLarge(what, why)
    return Permanent(what, why, _to_do(status, place.title or place.conversation))


def _to_do(status: int, where: str) -> str:
    if status == 403:
        return f"Add the bot to {where} again, or ask its owner whether apps may write there."
    if status == 404:
        return f"The conversation {where} or the message is gone: mention the bot there once more."
    return ""


def _why(response: httpx.Response) -> str:
    try:
        error = response.json()["error"]
        code, message = error.get("code", ""), error.get("message", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"Teams answered {response.status_code}."
    return f"Teams answered {response.status_code} {code}: {str(message)[:200]}"


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, also of the header's other form, a date."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return min(float(told), 3600.0)
    try:
        at = parsedate_to_datetime(told)
        now = parsedate_to_datetime(response.headers["Date"])
        return min(max((at - now).total_seconds(), 0.0), 3600.0)
    except (ValueError, KeyError, TypeError):
        return None
