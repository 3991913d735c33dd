"""The stand: one emulator and one bridge, run in a thread, and the workspace as a test sees it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from aiohttp import web

from tests.support.demo_process import free_port
from tests.support.eventually import eventually
from tests.support.slack_stand import workspace
from tests.support.slack_stand.bridge import Bridge
from tests.support.slack_stand.emulator import emulator
from tests.support.slack_stand.faults import Fault
from tests.support.slack_stand.limits import JSON
from tests.support.slack_stand.person import Person
from tests.support.slack_stand.records import Delivery, Records
from tests.support.slack_stand.shown import Message
from tests.support.slack_stand.workspace import Member

T = TypeVar("T")
POOR_TOKEN = "xoxb-poor"
"""A bot token whose app was installed without users:read.email."""
GROUPS: dict[str, tuple[str, ...]] = {"ml-leads": ("lee",), "newcomers": ("nora",)}


class SlackStand:
    """A workspace with the bot installed. Its methods may be called from any thread but the stand's own."""

    bot_token, app_token, signing_secret = workspace.BOT_TOKEN, workspace.APP_TOKEN, workspace.SECRET
    bot_user = workspace.BOT_USER

    def __init__(self, bridge: Bridge, loop: asyncio.AbstractEventLoop) -> None:
        self.bridge, self._loop = bridge, loop
        self.url = bridge.url
        self.base_url = f"{bridge.url}/api/"
        self.users = {name: Person(self, member) for name, member in bridge.people.items()}
        self._names: dict[str, str] = {}
        self._number = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Does it in the stand's thread and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    @property
    def records(self) -> Records:
        return self.bridge.records

    # -- the bot -----------------------------------------------------------------------------------------------------------

    def serves(self, url: str | None) -> None:
        """Where the bot takes requests ("http://127.0.0.1:8642/slack/events"); None: nowhere."""
        self.bridge.delivering.bot = url

    def breaks_sockets(self) -> None:
        """Every line of Socket Mode breaks."""
        self.run(self.bridge.delivering.end())

    def deliver(self, kind: str, payload: JSON, headers: dict[str, str] | None = None) -> Delivery:
        """Sends the bot a click, a command or an event, once, and waits for its answer."""
        return self.run(self.bridge.delivering.deliver(kind, payload, headers=headers))

    def send(self, envelope: JSON) -> None:
        """Sends an event as Slack does: nobody waits, and it comes again when it is not answered."""
        self._loop.call_soon_threadsafe(self.bridge.delivering.send_soon, envelope)

    def post(self, body: str, headers: dict[str, str]) -> tuple[int, str]:
        """A request as it is to where the bot takes them: (status, body)."""
        return self.run(self.bridge.delivering.post(body, headers))

    # -- the workspace -----------------------------------------------------------------------------------------------------

    def call(self, method: str, args: JSON, token: str) -> JSON:
        """A call of the Web API by someone else than the bot; it is not recorded."""
        return self.run(self.bridge.answer(method, args, token))

    def upstream(self, method: str, args: JSON, token: str) -> JSON:
        """The same, straight to emulate."""
        return self.run(self.bridge.upstream(method, args, token))

    def channel(self, name: str = "test", *, members: Sequence[str] | None = None, bot: bool = True) -> str:
        """A new channel with everybody in it who has an account (or `members`), and the bot; returns its id."""
        self._number += 1
        names = [n for n in (self.users if members is None else members) if not self.users[n].member.deleted]
        creator = self.users[names[0]].member.token
        made = self.call("conversations.create", {"name": f"{name}-{self._number}"}, creator)
        assert made["ok"], made
        channel = str(made["channel"]["id"])
        self._names[channel] = f"{name}-{self._number}"
        invited = [self.users[n].id for n in names[1:]] + ([workspace.BOT_USER] if bot else [])
        answer = self.call("conversations.invite", {"channel": channel, "users": ",".join(invited)}, creator)
        assert answer["ok"] or not invited, answer
        return channel

    def channel_name(self, channel: str) -> str:
        return self._names.get(channel, "directmessage" if channel.startswith("D") else "unknown")

    def thread(self, channel: str, root: str) -> list[Message]:
        """The answers in a thread, oldest first."""
        answer = self.run(
            self.bridge.own.conversations_replies(
                {"channel": channel, "ts": root, "include_all_metadata": True}, self._reader(channel)
            )
        )
        assert answer["ok"], answer
        return [Message(channel, raw) for raw in answer["messages"] if raw["ts"] != root]

    def messages(self, channel: str) -> list[Message]:
        """What stands in the channel itself, oldest first."""
        args = {"channel": channel, "include_all_metadata": True, "limit": 1000}
        answer = self.run(self.bridge.own.conversations_history(args, self._reader(channel)))
        assert answer["ok"], answer
        return [Message(channel, raw) for raw in reversed(answer["messages"])]

    def again(self, message: Message) -> Message:
        """The same message as it stands now."""
        found = [*self.messages(message.channel), *self.thread(message.channel, message.thread)]
        return next(m for m in found if m.ts == message.ts)

    def until(self, look: Callable[[], T | None], what: str, *, patience_s: float = 45) -> T:
        """What `look` gives once it is something."""
        return eventually(look, what, patience_s=patience_s, every_s=0.05)

    def answer(self, said: Message, *parts: str, patience_s: float = 45) -> Message:
        """The bot's newest answer in the thread of a message that has all the parts."""

        def found() -> Message | None:
            answers = [m for m in self.thread(said.channel, said.thread) if m.raw["user"] == workspace.BOT_USER]
            fitting = [m for m in answers if all(map(m.says, parts))]
            return fitting[-1] if fitting else None

        return self.until(found, f"an answer with {parts} to {said.text!r}", patience_s=patience_s)

    def file(self, message: Message) -> bytes:
        """What a person downloads of the file that a message shares."""
        url = message.raw["files"][0]["url_private_download"]
        return self.run(self._download(url, self._reader(message.channel)))

    async def _download(self, url: str, token: str) -> bytes:
        async with self.bridge.http.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 200, await response.text()
            return await response.read()

    def _reader(self, channel: str) -> str:
        """Somebody who may read it: a person, or in a direct conversation the bot."""
        return workspace.BOT_TOKEN if channel.startswith("D") else self.users["erin"].member.token

    def fault(self, method: str, kind: Any, **more: Any) -> Fault:
        """The next calls of a method go wrong."""
        fault = Fault(method, kind, **more)
        self.records.faults.append(fault)
        return fault

    def calls(self, method: str, channel: str | None = None) -> list[JSON]:
        """Arguments of the bot's calls that Slack carried out."""
        found = [call for call in self.records.calls if call.method == method and call.error == ""]
        return [call.args for call in found if channel is None or call.args.get("channel") == channel]


@contextmanager
def slack_stand(
    *, people: Sequence[Member] = workspace.PEOPLE, groups: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[SlackStand]:
    """A workspace with these people and user groups. Scopes are strict: the bot's token has those of the manifest."""
    scopes = {workspace.BOT_TOKEN: workspace.scopes()}
    scopes[POOR_TOKEN] = [scope for scope in scopes[workspace.BOT_TOKEN] if scope != "users:read.email"]
    known = {member.name: member for member in people}
    bridge = Bridge(known, dict(GROUPS if groups is None else groups), scopes)
    with ExitStack() as stack:
        loop = stack.enter_context(_thread())
        port = free_port()
        bridge.url = f"http://127.0.0.1:{port}"
        runner = asyncio.run_coroutine_threadsafe(_serve(bridge, port), loop).result(timeout=20)
        stack.callback(lambda: asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=20))
        bridge.emulate = stack.enter_context(emulator(f"{bridge.url}/events", people, scopes))
        yield SlackStand(bridge, loop)


async def _serve(bridge: Bridge, port: int) -> web.AppRunner:
    runner = web.AppRunner(bridge.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@contextmanager
def _thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slack-stand", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()
