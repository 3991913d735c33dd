"""Errors on their way out: BotError and bad requests as {error: {what, why, do}}, toast or page. Never a trace."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bizaiops_bot.domain.errors import BadInput, BotError, Conflict, NotFound, Refused, Temporary, Unknown
from bizaiops_bot.surfaces.console.views import page, toast

log = logging.getLogger(__name__)
STATUS: tuple[tuple[type[BotError], int], ...] = (
    (NotFound, 404),
    (BadInput, 422),
    (Refused, 403),
    (Conflict, 409),
    (Temporary, 503),
    (Unknown, 502),
    (BotError, 422),
)


def install(app: FastAPI) -> None:
    """Every error of `app` becomes words a person can use."""
    app.add_exception_handler(BotError, _bot_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: BotError) -> int:
    """The HTTP status that says the same."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def answer(request: Request, status: int, what: str, why: str = "", do: str = "") -> Response:
    """The same words in the form the asker can read: a toast for htmx, a page for a browser, JSON for a program."""
    if request.headers.get("hx-request") == "true":
        return toast(" ".join(part for part in (what, why, do) if part), "danger")
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        return page(request, "error.html", status=status, code=status, what=what, why=why, do=do)
    return JSONResponse({"error": {"what": what, "why": why, "do": do}}, status)


async def _bot_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BotError)
    response = answer(request, status_of(error), error.what, error.why, error.do)
    if isinstance(error, Temporary):
        response.headers["Retry-After"] = str(max(1, round(error.after_s)))
    return response


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    why = "; ".join(_spoken(item) for item in error.errors()[:5])
    return answer(request, 422, "The request is not as expected.", why, "GET /docs shows what each request takes.")


def _spoken(item: dict[str, Any]) -> str:
    if item.get("type") == "json_invalid":
        reason = item.get("ctx", {}).get("error", "cannot be read")
        return f"the body is not JSON ({reason} at character {item['loc'][-1]})"
    where = ".".join(str(part) for part in item["loc"] if part != "body") or "body"
    return f"{where}: {str(item['msg'])[:200]}"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path[:100]
    if error.status_code == 404:
        return answer(
            request, 404, f"There is no page {path}.", do="The console is at /, the API is described at /docs."
        )
    if error.status_code == 405:
        return answer(request, 405, f"{request.method} does not work on {path}.", do="See /docs.")
    return answer(request, error.status_code, str(error.detail)[:300])


async def _unexpected(request: Request, error: Exception) -> Response:
    incident = secrets.token_hex(4)
    log.error("incident %s: %s %r failed", incident, request.method, request.url.path, exc_info=error)
    do = f"The outcome is not known: look before you try again. The log has the details under incident {incident}."
    return answer(request, 500, "Something went wrong inside the bot.", do=do)
