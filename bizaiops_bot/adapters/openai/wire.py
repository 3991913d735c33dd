"""One structured call through langchain, and the vendor's errors as ours. Imported only when a model is configured."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import openai
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import SecretStr

from bizaiops_bot.adapters.openai.answer import Answer, Messages, counted, estimate
from bizaiops_bot.adapters.openai.bounded import Bounded
from bizaiops_bot.adapters.openai.failures import BadAnswer, Busy, Down, Failure, Refused, Unfit
from bizaiops_bot.adapters.openai.settings import Method, OpenAiSettings

_UNFIT = frozenset({400, 404, 405, 415, 422, 501})


class Wire:
    """A client of one server. `call` makes one HTTP request, no more: langchain's and the SDK's retries are off."""

    def __init__(self, settings: OpenAiSettings) -> None:
        proxy = settings.proxy.get_secret_value() if settings.proxy else None
        self._http = httpx2.AsyncClient(
            transport=Bounded(httpx2.AsyncHTTPTransport(proxy=proxy, trust_env=False)),
            timeout=httpx2.Timeout(settings.timeout_s, connect=min(3.0, settings.timeout_s)),
        )
        # OpenAI takes only the new name of the limit, many other servers only the old one.
        limit: dict[str, Any] = (
            {"max_completion_tokens": settings.max_tokens}
            if settings.is_openai
            else {"extra_body": {"max_tokens": settings.max_tokens}}
        )
        self._model = ChatOpenAI(
            base_url=settings.base_url,
            api_key=settings.api_key if settings.api_key.get_secret_value() else SecretStr("none"),
            model=settings.model,
            temperature=0,
            max_retries=0,
            use_responses_api=False,
            timeout=settings.timeout_s,
            http_async_client=self._http,
            openai_proxy=None,  # not from the environment: only the bot's settings count
            http_socket_options=(),  # the client above is used as it is; else langchain warns of proxies nobody uses
            organization=None,
            **limit,
        )

    async def call(self, messages: Messages, schema: dict[str, Any], method: Method) -> Answer:
        """Raises Failure: Busy, Down, Unfit, Refused or BadAnswer."""
        if method == "json_mode":
            told = f"Answer with one JSON object of this JSON schema and nothing else:\n{json.dumps(schema)}"
            messages = [(role, f"{text}\n\n{told}" if role == "system" else text) for role, text in messages]
        strict = None if method == "json_mode" else True
        chain = self._model.with_structured_output(schema, method=method, include_raw=True, strict=strict)
        try:
            with tracing_context(enabled=False):  # what people say goes to nobody else, whatever the environment says
                got = await chain.ainvoke(messages)
        except Exception as error:
            raise _ours(error) from error
        return _answer(got, messages)

    async def turn(self, messages: list[BaseMessage], tools: list[BaseTool]) -> AIMessage:
        """One answer, which may ask for tools. Raises as `call` does."""
        model = self._model.bind_tools(tools) if tools else self._model
        try:
            with tracing_context(enabled=False):
                return await model.ainvoke(messages)
        except Exception as error:
            raise _ours(error) from error

    async def aclose(self) -> None:
        await self._http.aclose()


def _answer(got: Any, messages: Messages) -> Answer:
    raw, parsed, error = got["raw"], got["parsed"], got["parsing_error"]
    if isinstance(error, Exception) and not isinstance(error, OutputParserException | ValueError | KeyError):
        raise _ours(error) from error
    assert isinstance(raw, AIMessage)
    calls = [json.dumps(call["args"]) for call in raw.tool_calls] + [
        str(call.get("args", "")) for call in raw.invalid_tool_calls
    ]
    text = calls[0] if calls else str(raw.text)
    problem = "" if parsed is not None else f"no JSON object: {type(error).__name__}" if error else "no answer in it"
    if told := counted(raw):
        return Answer(parsed, problem, text, *told, estimated=False)
    return Answer(parsed, problem, text, estimate(*(said for _, said in messages)), estimate(text), estimated=True)


def _ours(error: Exception) -> Failure:
    if isinstance(error, openai.APIStatusError):
        return _by_status(error)
    if isinstance(error, asyncio.TimeoutError | openai.APITimeoutError):
        return Down("no answer in time")
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        while cause is not None and isinstance(cause, openai.APIError):
            cause = cause.__cause__
        return Down(f"not reached: {type(cause or error).__name__}")
    if "Refusal" in type(error).__name__ or isinstance(error, openai.ContentFilterFinishReasonError):
        return Refused("the model refuses")
    return BadAnswer(type(error).__name__)  # garbage makes the SDK and langchain raise nearly anything


def _by_status(error: openai.APIStatusError) -> Failure:
    status = error.status_code
    wait = _retry_after(error.response.headers.get("retry-after", ""))
    if status == httpx2.codes.TOO_MANY_REQUESTS or (status == httpx2.codes.SERVICE_UNAVAILABLE and wait is not None):
        return Busy(f"HTTP {status}", wait)
    return (Unfit if status in _UNFIT else Down)(f"HTTP {status}")


def _retry_after(value: str) -> float | None:
    """Seconds; None when it is not told as a number."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None
