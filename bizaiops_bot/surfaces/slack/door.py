"""`POST /slack/events`: what Slack sends over HTTP, let in when Slack has signed it within five minutes."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.slack.inbox import SEEN_BY_ALL, Inbox, key_of

log = logging.getLogger("bizaiops.slack")
PATH = "/slack/events"
MAX_BODY = 1024 * 1024
SKEW_S = 300
TELL_EVERY_S = 60.0
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
HEARD = Response(status_code=200)


class NotSlack(Exception):
    """The request is not let in. The words are for whoever sent it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Door:
    """inbox: None while the bot is not ready. wall: UTC seconds."""

    def __init__(self, secret: str, inbox: Callable[[], Inbox | None], wall: Callable[[], float] = time.time) -> None:
        self._verifier = SignatureVerifier(secret)
        self._inbox, self._wall = inbox, wall
        self._told = 0.0

    async def __call__(self, request: Request) -> Response:
        try:
            return await self._let_in(request)
        except NotSlack as exc:
            return PlainTextResponse(f"{exc}\n", status_code=exc.status)
        except StoreDown as exc:
            log.error("an event was not kept, Slack sends it again: %s", exc)
            return PlainTextResponse("It could not be kept now. Send it again.\n", status_code=503)

    async def _let_in(self, request: Request) -> Response:
        try:
            raw = await request.body()
        except ClientDisconnect as exc:
            raise NotSlack(400, "The request has no end.") from exc
        if len(raw) > MAX_BODY:
            raise NotSlack(413, f"At most {MAX_BODY} bytes are taken.")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, FORM):
            raise NotSlack(415, f"{kind or 'No content type'!r} is not taken, {JSON} and {FORM} are.")
        if kind == FORM and raw.startswith(b"ssl_check=1"):
            return HEARD  # Slack only looks at the certificate
        self._check(request, raw)
        body, text = _parsed(raw, kind)
        if body.get("type") == "url_verification":
            return JSONResponse({"challenge": body.get("challenge", "")})
        return await self._given(body, text)

    async def _given(self, body: dict[str, Any], text: str) -> Response:
        inbox = self._inbox()
        if inbox is None:
            raise NotSlack(503, "The bot is not ready. Send it again.")
        try:
            key = key_of(body)
        except KeyError as exc:
            raise NotSlack(400, f"It has no {exc.args[0]}.") from exc
        if key is None:
            return _response(await inbox.answer(body))
        await inbox.take(key, text, body)
        return JSONResponse(SEEN_BY_ALL) if "command" in body else HEARD

    def _check(self, request: Request, raw: bytes) -> None:
        """Raises NotSlack; a right signature of another time is told for what it is."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        given = request.headers.get("x-slack-signature", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise NotSlack(401, "It is not signed by Slack: X-Slack-Request-Timestamp is missing or wrong.")
        try:
            right = self._verifier.generate_signature(timestamp=stamp, body=raw) or ""
        except UnicodeDecodeError as exc:
            raise NotSlack(400, "The body is not UTF-8.") from exc
        if not hmac.compare_digest(right.encode(), given.encode()):
            raise NotSlack(401, "The signature is wrong. Check BIZAIOPS_SLACK__SIGNING_SECRET.")
        apart = self._wall() - int(stamp)
        if abs(apart) > SKEW_S:
            self._tell_of_clock(apart)
            raise NotSlack(
                401,
                f"It was signed {abs(apart):.0f} s {'before' if apart > 0 else 'after'} the time of this machine's "
                f"clock; {SKEW_S // 60} minutes are taken.",
            )

    def _tell_of_clock(self, apart: float) -> None:
        """Once a minute: an old request may also be somebody's who kept it."""
        if self._wall() - self._told < TELL_EVERY_S:
            return
        self._told = self._wall()
        log.error(
            "a request with Slack's right signature was refused: this machine's clock differs from the request's time "
            "by %.0f s. Set the clock (NTP); if it is right, somebody sent an old request again.",
            apart,
        )


def _parsed(raw: bytes, kind: str) -> tuple[dict[str, Any], str]:
    """The payload, and the same as JSON."""
    try:
        if kind == JSON:
            text = raw.decode()
        else:
            form = dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
            text = form["payload"] if "payload" in form else json.dumps(form)
        body = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise NotSlack(400, f"It cannot be read as {kind}.") from exc
    if not isinstance(body, dict):
        raise NotSlack(400, "It is no JSON object.")
    return body, text


def _response(answer: BoltResponse) -> Response:
    headers = {name: values[0] for name, values in answer.headers.items() if values and name != "content-length"}
    return Response(answer.body or b"", status_code=answer.status, headers=headers)
