"""What `bizaiops doctor` tells of Teams."""

from __future__ import annotations

import asyncio

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.surfaces.teams.app import open_app, token_problem
from bizaiops_bot.surfaces.teams.auth import check_settings
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

PATIENCE_S = 10.0


async def examine_teams(settings: TeamsSettings, host: str) -> tuple[bool, str, str]:
    """(whether it can work, what was found, what to do). Entra is asked for the bot's token; Teams itself has nothing
    that a bot could ask before somebody has spoken to it.
    """
    try:
        check_settings(settings, host)
    except Permanent as exc:
        return False, f"{exc.what} {exc.why}", exc.do
    bot = f"bot {settings.client_id}"
    if settings.unauthenticated:
        return True, f"{bot}, a test stand: whoever reaches this machine may send to it", ""
    app = open_app(settings)
    try:
        async with asyncio.timeout(PATIENCE_S):
            problem = await token_problem(app)
    except TimeoutError:
        problem = f"Microsoft Entra did not answer in {PATIENCE_S:g} s."
    finally:
        for client in (app.http_client, app.api.http):
            await client.http.aclose()
    if problem:
        return False, f"{bot}: {problem}", "Check BIZAIOPS_TEAMS__CLIENT_ID, __CLIENT_SECRET and __TENANT_ID."
    way = "a client secret" if settings.client_secret is not None else "a managed identity"
    return True, f"{bot} in tenant {settings.tenant_id}, Entra gives it a token by {way}", ""
