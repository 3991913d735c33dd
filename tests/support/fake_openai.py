"""A small server with the OpenAI chat API that can be told to fail in every way real ones do.

It runs in the test's own event loop: whatever would block the loop would keep it from answering too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

CANARY = {"decision": {"kind": "bird", "colour": "yellow"}}
PROSE = "Of course! I would be glad to help:\n```\nroute: it depends\n```\nAnything else?"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. hang: it never comes. drop: the connection is cut instead."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drop: bool = False


def completion(
    content: str | None,
    *,
    calls: list[dict[str, Any]] | None = None,
    finish: str = "stop",
    refusal: str | None = None,
    usage: bool = True,
) -> Reply:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    if calls is not None:
        message["tool_calls"] = calls  # type: ignore[assignment]
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return Reply(json.dumps(body).encode())


def tool_call(name: str, arguments: Any) -> Reply:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
    return completion(None, calls=[call], finish="tool_calls")


def failed(status: int, **headers: str) -> Reply:
    body = json.dumps({"error": {"message": "no", "type": "server_error"}}).encode()
    return Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Request:
    """What was asked, and how: the form in which an object was demanded."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return "\n".join(str(m.get("content")) for m in self.body["messages"])

    @property
    def user(self) -> str:
        return str(next(m["content"] for m in self.body["messages"] if m["role"] == "user"))

    @property
    def is_canary(self) -> bool:
        return "Which colour does a canary have" in self.text

    @property
    def method(self) -> str:
        kind = self.body.get("response_format", {}).get("type")
        if kind == "json_schema":
            return "json_schema"
        return "function_calling" if self.body.get("tools") else "json_mode" if kind == "json_object" else "none"

    def answer(self, value: Any) -> Reply:
        """`value` in the form that was asked for."""
        if self.method == "function_calling":
            return tool_call(self.body["tools"][0]["function"]["name"], value)
        return completion(json.dumps(value))


Behaviour = Callable[[Request], Reply]


class FakeOpenAi:
    """`says` decides what comes back to a request that is no canary; canaries are answered as the server can.

    schema, tools, json_mode: what this server makes of each way to ask for an object. always: what comes to everything.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.says: Behaviour = lambda request: request.answer({"decision": {"kind": "none"}})
        self.schema: Literal["works", "fails", "ignored"] = "works"
        self.tools: Literal["works", "ignored", "empty", "rejected"] = "works"
        self.json_mode: Literal["works", "ignored"] = "works"
        self.always: Reply | None = None
        self.url = ""
        self._hanging: set[asyncio.Event] = set()
        self._open: set[asyncio.StreamWriter] = set()

    def decides(self, kind: str, **values: Any) -> None:
        """From now on, whatever it is asked."""
        self.says = lambda request: request.answer({"decision": {"kind": kind, **values}})

    @property
    def asked(self) -> list[Request]:
        """What was asked besides canaries."""
        return [request for request in self.requests if not request.is_canary]

    def reply(self, request: Request) -> Reply:
        if self.always is not None:
            return self.always
        odd = self._odd(request)
        if odd is not None:
            return odd
        return request.answer(CANARY) if request.is_canary else self.says(request)

    def _odd(self, request: Request) -> Reply | None:
        if request.method == "json_schema" and self.schema != "works":
            return failed(500) if self.schema == "fails" else completion(PROSE)
        if request.method == "function_calling" and self.tools != "works":
            empty = completion(PROSE, calls=[], finish="tool_calls")
            return {"ignored": completion(PROSE), "empty": empty, "rejected": failed(400)}[self.tools]
        return completion(PROSE) if request.method == "json_mode" and self.json_mode == "ignored" else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(json.loads(body), headers)
        self.requests.append(request)
        reply = self.reply(request)
        if reply.hang:
            until = asyncio.Event()
            self._hanging.add(until)
            await until.wait()
        if reply.drop or reply.hang:
            return False
        told = {"content-type": "application/json", "content-length": str(len(reply.body)), **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} x", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
        await writer.drain()
        return True

    def let_go(self) -> None:
        """Ends all connections."""
        for until in self._hanging:
            until.set()
        for writer in self._open:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def fake_openai() -> AsyncIterator[FakeOpenAi]:
    """A running server; its `url` is the base URL."""
    fake = FakeOpenAi()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield fake
    finally:
        server.close()
        fake.let_go()
        await asyncio.sleep(0)  # their tasks end


async def until(look: Callable[[], object], patience_s: float = 60.0) -> None:
    """Lets the loop live on until `look` is truthy."""
    for _ in range(round(patience_s / 0.01)):
        if look():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")
