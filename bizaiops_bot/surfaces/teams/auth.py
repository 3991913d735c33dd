"""Whom the bot believes: Microsoft's token on what comes in, and Microsoft's addresses for what goes out."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.surfaces.teams.sdk import (
    PUBLIC,
    CloudEnvironment,
    InboundActivityTokenValidator,
    JsonWebToken,
    TokenProtocol,
)
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

log = logging.getLogger("bizaiops.teams")
HOSTS = frozenset({"smba.trafficmanager.net"})
"""By its whole name: anybody can have a name that ends in trafficmanager.net."""
HOST_ENDS = (".botframework.com", ".teams.microsoft.com", ".teams.microsoft.us", ".botapi.skype.com")
LONGEST_TOKEN = 16_384


def check_settings(settings: TeamsSettings, host: str) -> None:
    """Raises Permanent for settings under which anybody could give orders."""
    if settings.unauthenticated and not _is_loopback(host):
        raise Permanent(
            "BIZAIOPS_TEAMS__UNAUTHENTICATED is only for a test stand on this machine.",
            f"The bot listens on {host}, where anybody could send it orders without Microsoft's token.",
            "Leave it out, or set BIZAIOPS_HOST=127.0.0.1.",
        )
    if not settings.unauthenticated and settings.tenant_id is None:
        raise Permanent(
            "BIZAIOPS_TEAMS__TENANT_ID is missing.",
            "Without it people of every company would be believed, and people are known by an e-mail that their own "
            "company's administrator writes.",
            "Give the id of your Entra tenant.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_trusted(service_url: str, settings: TeamsSettings) -> bool:
    """Whether the bot's own token may be sent there."""
    if settings.unauthenticated:
        return True
    own = settings.service_url
    if own is not None and service_url.rstrip("/") == own.rstrip("/"):
        return True
    try:
        url = urlsplit(service_url)
        name = (url.hostname or "").lower()
    except ValueError:
        return False
    return url.scheme == "https" and (name in HOSTS or name.endswith(HOST_ENDS))


class Tokens:
    """Checks the token of a request with Microsoft's own validator.

    Its keys are fetched by a call that blocks, so it has threads of its own: a flood of bad tokens waits in line there
    and stops nothing else.
    """

    def __init__(self, settings: TeamsSettings, *, cloud: CloudEnvironment = PUBLIC) -> None:
        self._open = settings.unauthenticated
        self._validator = InboundActivityTokenValidator(settings.client_id or "", cloud=cloud)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="teams-token")

    async def check(self, authorization: str, service_url: str) -> TokenProtocol | None:
        """The token when it is Microsoft's, for this bot, of now and for this service URL; else None."""
        if self._open:
            return cast(TokenProtocol, _Nobody(service_url=service_url))
        scheme, _, raw = authorization.partition(" ")
        if scheme != "Bearer" or not raw or len(raw) > LONGEST_TOKEN:
            return None
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._validate, raw, service_url)
        except Exception as exc:  # PyJWT's errors and those of fetching keys have no common base
            log.warning("a request to Teams' address was refused: %s", exc)
            return None
        return JsonWebToken(raw)

    def _validate(self, raw: str, service_url: str) -> None:
        asyncio.run(self._validator.validate_token(raw, service_url))

    def close(self) -> None:
        """Waits for nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Nobody(SimpleNamespace):
    """Stands for the token where none is asked for."""

    app_id = app_display_name = tenant_id = service_url = from_id = ""
    from_ = "azure"

    @staticmethod
    def is_expired() -> bool:
        return False
