"""POST /api/messages: who sends is checked first, then the SDK takes the activity to its handler."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.surfaces.teams.auth import Tokens, is_trusted
from bizaiops_bot.surfaces.teams.sdk import ActivityEvent, App, CoreActivity, TokenProtocol
from bizaiops_bot.surfaces.teams.settings import TeamsSettings

log = logging.getLogger("bizaiops.teams")


class Door:
    def __init__(self, app: App, tokens: Tokens, settings: TeamsSettings) -> None:
        self._app, self._tokens, self._settings = app, tokens, settings

    async def enter(self, request: Request) -> Response:
        """401 without Microsoft's token; 503 when it cannot be kept now, so that Teams sends it again."""
        if self._settings.unauthenticated and "origin" in request.headers:
            return _says(403, "A web page may not send here.")  # on this machine no token would stop it
        body = _body(await request.body())
        if body is None:
            return _says(400, "The body is no activity.")
        service_url = str(body.get("serviceUrl") or "")
        token = await self._tokens.check(request.headers.get("authorization", ""), service_url)
        if token is None:
            return _says(401, "Only Microsoft Teams may send here: its token is missing, old or for another bot.")
        if not is_trusted(service_url, self._settings):
            return _says(403, "The serviceUrl is no address of Microsoft Teams.")
        return await self._handled(body, token)

    async def _handled(self, body: dict[str, Any], token: TokenProtocol) -> Response:
        handle = self._app.server.on_request
        assert handle is not None, "the app was not initialized"
        try:
            answer = await handle(ActivityEvent(body=CoreActivity.model_validate(body), token=token))
        except ValidationError as exc:
            log.info("an activity %r is not known: %s", str(body.get("type"))[:60], str(exc)[:300])
            return Response(status_code=501 if body.get("type") == "invoke" else 200)
        except Temporary as exc:
            log.warning("an activity was sent back: %s", exc)
            return _says(503, str(exc))
        found = answer.model_dump(mode="json", by_alias=True, exclude_none=True)
        if found.get("body") is None:
            return Response(status_code=found["status"])
        return JSONResponse(found["body"], status_code=found["status"])


def _body(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return cast(dict[str, Any], body) if isinstance(body, dict) else None


def _says(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
