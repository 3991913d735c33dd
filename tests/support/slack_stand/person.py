"""Someone in the workspace with Slack open: what they type and click reaches the bot as Slack would send it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.eventually import eventually
from tests.support.slack_stand import events, workspace
from tests.support.slack_stand.limits import JSON
from tests.support.slack_stand.records import Delivery, Whisper
from tests.support.slack_stand.shown import Clickable, Message, clickables, filled, words
from tests.support.slack_stand.workspace import Member

if TYPE_CHECKING:
    from tests.support.slack_stand.stand import SlackStand


@dataclass(frozen=True)
class Person:
    """One member of the workspace."""

    stand: SlackStand
    member: Member

    @property
    def id(self) -> str:
        return self.member.id

    # -- words -------------------------------------------------------------------------------------------------------------

    def says(self, text: str, channel: str, thread: str | None = None) -> Message:
        """Types it in a channel, or in a thread of it."""
        args = {"channel": channel, "text": text} | ({"thread_ts": thread} if thread else {})
        answer = self.stand.call("chat.postMessage", args, self.member.token)
        assert answer["ok"], answer
        return Message(channel, answer["message"])

    def mentions(self, text: str, channel: str, thread: str | None = None) -> Message:
        """Says it to the bot."""
        return self.says(f"<@{workspace.BOT_USER}> {text}", channel, thread)

    def reacts(self, message: Message, name: str) -> None:
        """Adds a reaction to a message."""
        args = {"channel": message.channel, "timestamp": message.ts, "name": name}
        answer = self.stand.call("reactions.add", args, self.member.token)
        assert answer["ok"], answer

    def dm(self) -> str:
        """The channel in which this person is alone with the bot."""
        answer = self.stand.call("conversations.open", {"users": workspace.BOT_USER}, self.member.token)
        assert answer["ok"], answer
        return str(answer["channel"]["id"])

    # -- clicks ------------------------------------------------------------------------------------------------------------

    def clicks(self, message: Message, label: str) -> Delivery:
        """Clicks a button or a menu's choice on a message, as it was read; yes to a confirm dialog."""
        return self.stand.deliver("interactive", self.click(message, message.button(label)))

    def click(self, message: Message, found: Clickable) -> JSON:
        """The payload of that click."""
        container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": False}
        container |= {"thread_ts": message.thread} if message.thread != message.ts else {}
        place = {"channel": {"id": message.channel, "name": self.stand.channel_name(message.channel)}}
        more = {"message": message.raw, "state": {"values": {}}, "response_url": self._response_url(message.channel)}
        return {**self._payload("block_actions"), "container": container, **place, **more, "actions": [_act(found)]}

    def clicks_at_home(self, label: str) -> Delivery:
        """Clicks a button on their App Home."""
        view = self.home()
        return self._clicks_in(view, label)

    def _clicks_in(self, view: JSON, label: str) -> Delivery:
        found = next((c for c in clickables(view["blocks"]) if c.label == label), None)
        assert found is not None, f"no {label!r} in {[c.label for c in clickables(view['blocks'])]}"
        container = {"type": "view", "view_id": view["id"]}
        payload = {**self._payload("block_actions"), "container": container, "view": view, "actions": [_act(found)]}
        return self.stand.deliver("interactive", payload)

    def slash(self, text: str, channel: str, command: str = "/mlops") -> Delivery:
        """Types a slash command."""
        return self.stand.deliver(
            "command",
            {
                "token": "verification-token",
                "team_id": workspace.TEAM,
                "team_domain": "biz",
                "channel_id": channel,
                "channel_name": self.stand.channel_name(channel),
                "user_id": self.id,
                "user_name": self.member.name,
                "command": command,
                "text": text,
                "api_app_id": workspace.APP,
                "is_enterprise_install": "false",
                "response_url": self._response_url(channel),
                "trigger_id": self._trigger(),
            },
        )

    def shortcut(self, callback_id: str) -> Delivery:
        """Chooses a global shortcut."""
        return self.stand.deliver("interactive", self._payload("shortcut") | {"callback_id": callback_id, **_at()})

    def message_shortcut(self, callback_id: str, message: Message) -> Delivery:
        """Chooses a shortcut in a message's menu."""
        place = {"channel": {"id": message.channel, "name": self.stand.channel_name(message.channel)}}
        more = {"message_ts": message.ts, "message": {"type": "message", **message.raw}, **_at()}
        more |= {"response_url": self._response_url(message.channel), "callback_id": callback_id}
        return self.stand.deliver("interactive", {**self._payload("message_action"), **place, **more})

    # -- modals and home ---------------------------------------------------------------------------------------------------

    def modal(self, title: str = "") -> JSON:
        """The newest modal that was opened, once one with `title` in it is."""

        def newest() -> JSON | None:
            modals = self.stand.records.modals
            return modals[-1] if modals and title in modals[-1]["title"]["text"] else None

        return eventually(newest, f"a modal {title!r}", patience_s=15)

    def submits(self, view: JSON, **values: str) -> JSON:
        """Fills in and sends a modal (block_id -> text); returns the bot's answer: {} or {"response_action": …}."""
        state = filled(view, values)
        payload = {**self._payload("view_submission"), "view": {**view, "state": state}, "response_urls": []}
        delivery = self.stand.deliver("interactive", payload)
        assert delivery.status == 200, delivery
        return delivery.answer

    def opens_home(self, tab: str = "home") -> None:
        """Opens the bot's home page, or with "messages" its conversation."""
        event = {"type": "app_home_opened", "user": self.id, "channel": self.dm(), "tab": tab, "event_ts": _now()}
        self.stand.send(events.envelope(event))

    def home(self) -> JSON:
        """Their home page as it stands; fails when none was published."""
        return self.stand.records.homes[self.id]

    def home_words(self) -> str:
        """Everything to read there; "" before it was published."""
        return words(self.stand.records.homes.get(self.id, {}).get("blocks", []))

    def whispers(self) -> list[Whisper]:
        """What only they saw, oldest first."""
        return [whisper for whisper in self.stand.records.whispers if whisper.user == self.id]

    def hears(self, *parts: str, after: int = 0) -> Whisper:
        """What only they are told, once it has all the parts. after: how many they have heard already."""

        def told() -> Whisper | None:
            new = self.whispers()[after:]
            return next((w for w in new if all(p.lower() in _whole(w).lower() for p in parts)), None)

        return eventually(told, f"{self.member.name} being told {parts}: {self.whispers()[after:]}", patience_s=30)

    # -- parts -------------------------------------------------------------------------------------------------------------

    def _payload(self, kind: str) -> JSON:
        user = {"id": self.id, "username": self.member.name, "name": self.member.name, "team_id": self.member.team}
        team = {"id": workspace.TEAM, "domain": "biz"}
        known = {"team": team, "enterprise": None, "is_enterprise_install": False, "api_app_id": workspace.APP}
        return {"type": kind, "user": user, **known, "token": "verification-token", "trigger_id": self._trigger()}

    def _trigger(self) -> str:
        """A real one, which dies after three seconds and opens one modal."""
        answer = self.stand.upstream("views.generateTriggerId", {"user_id": self.id}, workspace.BOT_TOKEN)
        assert answer["ok"], answer
        return str(answer["trigger_id"])

    def _response_url(self, channel: str) -> str:
        return f"{self.stand.url}/respond/{self.id}/{channel}?{uuid.uuid4().hex}"


def _act(found: Clickable) -> JSON:
    return found.action(_now())


def _at() -> JSON:
    return {"action_ts": _now()}


def _now() -> str:
    return f"{time.time():.6f}"


def _whole(whisper: Whisper) -> str:
    return f"{whisper.text}\n{words(whisper.blocks)}"
