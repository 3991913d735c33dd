"""Microsoft's app object: the bot's credentials, its client, and the way of an activity to its handler."""

from __future__ import annotations

import time
from typing import Any

import jwt

from bizaiops_bot.surfaces.teams.sdk import (
    PUBLIC,
    App,
    ClientOptions,
    CloudEnvironment,
    HttpMethod,
    HttpRouteHandler,
    own_settings_only,
    quiet,
)
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

CALL_S = 7.0
"""Shorter than the poster's patience, so that what has failed is known."""
PUBLIC_SERVICE = "https://smba.trafficmanager.net/teams"
DAY_S = 86_400


class NoServer:
    """The SDK's web server: none, requests come by the bot's own (see door.py)."""

    def register_route(self, method: HttpMethod, path: str, handler: HttpRouteHandler) -> None:
        pass

    def serve_static(self, path: str, directory: str) -> None:
        pass

    async def start(self, port: int) -> None:
        raise NotImplementedError("The bot has its own web server.")

    async def stop(self) -> None:
        pass


def open_app(settings: TeamsSettings, *, cloud: CloudEnvironment = PUBLIC) -> App:
    """Calls nobody yet. Without a secret the credentials are a user-assigned managed identity that has the client id;
    `unauthenticated` makes up tokens that nobody checks.
    """
    quiet()
    more: dict[str, Any] = {}
    if settings.unauthenticated:
        more["token"] = _made_up_token
    elif settings.client_secret is not None:
        more["client_secret"] = settings.client_secret.get_secret_value()
    with own_settings_only():
        return App(
            client_id=settings.client_id,
            cloud=cloud,
            tenant_id=settings.tenant_id,
            service_url=settings.service_url or PUBLIC_SERVICE,
            client=ClientOptions(timeout=CALL_S),
            http_server_adapter=NoServer(),
            dangerously_allow_unauthenticated_requests=settings.unauthenticated,
            fetch_user_token=False,
            state=False,
            telemetry={"agent365": False},
            **more,
        )


def _made_up_token(scope: object, _tenant: object = None) -> str:
    """Has the form of a token, as the SDK reads when it expires."""
    claims = {"aud": str(scope), "exp": int(time.time()) + DAY_S, "appid": "test-stand"}
    return jwt.encode(claims, "a test stand checks no signature", algorithm="HS256")


async def token_problem(app: App) -> str:
    """Why Microsoft Entra gives this bot no token; empty when it does."""
    try:
        token = await app.token_provider.get_app_token()
    except Exception as exc:  # MSAL raises what requests, json and its own code raise
        return f"Microsoft Entra gave no token: {str(exc)[:200] or type(exc).__name__}"
    return "" if token is not None else "Microsoft Entra gave no token."
