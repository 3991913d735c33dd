"""People in the playground: they say and click there, and read there what the bot shows."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.eventually import eventually
from tests.support.teams_stand.company import BOT, CHANNEL, GENERAL, MEMBERS, PERSONAL, TEAM, TENANT, Member
from tests.support.teams_stand.playground import playground
from tests.support.teams_stand.shown import labels, payload, words

JSON = dict[str, Any]
PATIENCE_S = 60.0


@dataclass
class Message:
    """One message as everybody in the conversation sees it now. edits: how often it was changed."""

    id: str
    conversation: str
    content: JSON
    edits: int = 0

    @property
    def card(self) -> JSON:
        attachments = self.content.get("attachments") or [{}]
        found: JSON = attachments[0].get("content", {})
        return found

    @property
    def words(self) -> str:
        return words(self.card) or str(self.content.get("text", ""))

    @property
    def labels(self) -> list[str]:
        return labels(self.card)


@dataclass(frozen=True)
class Clicked:
    """What the bot answered the client. told: the line that only the person who clicked sees."""

    status: int
    body: JSON

    @property
    def told(self) -> str:
        value = self.body.get("value", self.body.get("task", {}).get("value", ""))
        return value if isinstance(value, str) else ""


@dataclass
class TeamsStand:
    """url: of the playground. bot: where activities are brought."""

    url: str
    bot: str
    http: httpx.Client
    messages: dict[str, Message] = field(default_factory=dict)

    # -- what people do ---------------------------------------------------------------------------

    def member(self, name: str) -> Member:
        return next(m for m in MEMBERS if m.person == name or m.name.startswith(name))

    def installs(self, conversation: str = PERSONAL) -> None:
        """Adds the bot to a conversation."""
        self._post(f"/_debug/conversation/{conversation}/installation", {})

    def says(self, text: str, by: str = "engineer", conversation: str = PERSONAL, *, root: str = "") -> str:
        """Says it, with a mention where the bot only hears those; returns the id of the thread's first message.

        The playground's own user writes there; for the others it brings the message to the bot.
        """
        named = conversation != PERSONAL
        said = f"<at>{BOT['name']}</at> {text}" if named else text
        mention = {"type": "mention", "text": f"<at>{BOT['name']}</at>", "mentioned": BOT}
        address = f"{conversation};messageid={root}" if root else conversation
        if by != "engineer":
            self._bring(self._message(said, self.member(by), address, [mention] if named else []))
            return root
        body = {"type": "text", "text": said, "textFormat": "plain", "from": {"id": MEMBERS[0].id}}
        answer = self._post(
            f"/_conversation/v1/conversations/{address}/messages", body | ({"mentions": [mention]} if named else {})
        )
        return root or str(answer.get("messageId", ""))

    def clicks(self, message: Message, label: str, by: str, *, reason: str = "", again: str = "") -> Clicked:
        """Clicks an Action.Execute of the message as it is shown now. again: an id of a click to send once more."""
        data = payload(message.card, label)
        action = {
            "type": "Action.Execute",
            "verb": data["action"],
            "data": data | ({"reason": reason} if reason else {}),
        }
        value = {"action": action, "trigger": "manual"}
        return self.invokes("adaptiveCard/action", value, by, message.conversation, reply_to=message.id, activity=again)

    def opens(self, message: Message, label: str, by: str) -> Clicked:
        """Opens the dialog of a button."""
        value = {"data": payload(message.card, label), "context": {"theme": "default"}}
        return self.invokes("task/fetch", value, by, message.conversation)

    def fills(self, dialog: Clicked, values: dict[str, str], by: str, conversation: str) -> Clicked:
        """Sends the dialog's inputs."""
        card = dialog.body["task"]["value"]["card"]["content"]
        data = card["actions"][0]["data"] | values
        return self.invokes("task/submit", {"data": data, "context": {"theme": "default"}}, by, conversation)

    def invokes(
        self, name: str, value: JSON, by: str, conversation: str, *, reply_to: str = "", activity: str = ""
    ) -> Clicked:
        """What a client sends and waits for. The playground has no way for a second person, and none for dialogs, so
        it goes to the bot as the playground would send it.
        """
        sent = self._activity("invoke", self.member(by), conversation, activity=activity)
        answer = self.http.post(self.bot, json=sent | {"name": name, "value": value, "replyToId": reply_to})
        return Clicked(answer.status_code, answer.json() if answer.content else {})

    # -- what people see --------------------------------------------------------------------------

    def shown(self, *parts: str, conversation: str = PERSONAL, after: int = 0) -> Message:
        """The newest message of a conversation and its threads in which all the parts can be read, once there is one.

        after: how many messages there were before what it answers.
        """

        def look() -> Message | None:
            there = [m for m in list(self.messages.values())[after:] if m.conversation.split(";")[0] == conversation]
            return next((m for m in reversed(there) if all(p.lower() in m.words.lower() for p in parts)), None)

        try:
            return eventually(look, f"a message with {parts}", patience_s=PATIENCE_S)
        except AssertionError as exc:
            seen = "\n---\n".join(m.words[:300] for m in list(self.messages.values())[after:])
            raise AssertionError(f"{exc}\nthere is:\n{seen}") from None

    def asks(
        self, text: str, *parts: str, by: str = "engineer", conversation: str = PERSONAL, root: str = ""
    ) -> Message:
        """Says it and waits for the answer."""
        before = len(self.messages)
        self.says(text, by, conversation, root=root)
        return self.shown(*parts, conversation=conversation, after=before)

    # -- the playground ---------------------------------------------------------------------------

    def take(self, event: JSON) -> None:
        """One event of the playground's stream."""
        message = event.get("message", {})
        if event.get("action") == "createMessage":
            where = event["actionConversationId"]
            self.messages[message["messageId"]] = Message(message["messageId"], where, message)
        elif event.get("action") == "updateMessage" and message.get("messageId") in self.messages:
            known = self.messages[message["messageId"]]
            known.content, known.edits = message, known.edits + 1

    def _message(self, text: str, by: Member, address: str, mentions: list[JSON]) -> JSON:
        return self._activity("message", by, address) | {"text": text, "textFormat": "plain", "entities": mentions}

    def _activity(self, kind: str, by: Member, address: str, *, activity: str = "") -> JSON:
        where = address.split(";", maxsplit=1)[0]
        kinds = {PERSONAL: "personal", CHANNEL: "channel", GENERAL: "channel"}
        data: JSON = {"tenant": {"id": TENANT}}
        if kinds.get(where) == "channel":
            data |= {"team": {"id": TEAM}, "channel": {"id": where}}
        return {
            "type": kind,
            "id": activity or str(uuid.uuid4()),
            "from": by.sender(),
            "recipient": BOT,
            "channelId": "msteams",
            "timestamp": datetime.now(UTC).isoformat(),
            "serviceUrl": f"{self.url}/_connector",
            "channelData": data,
            "conversation": {"id": address, "conversationType": kinds.get(where, "groupChat"), "tenantId": TENANT},
        }

    def _bring(self, activity: JSON) -> None:
        self._post("/_internal/v1/customActivities", activity)

    def _post(self, path: str, body: JSON) -> JSON:
        answer = self.http.post(f"{self.url}{path}", json=body)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:500]}"
        found: JSON = answer.json() if answer.content else {}
        return found


@contextmanager
def teams_stand(bot: str, folder: Path) -> Iterator[TeamsStand]:
    """The tenant around a bot. bot: its URL for activities. folder: for the playground's own files."""
    folder.mkdir(parents=True, exist_ok=True)
    with playground(bot, folder) as url, httpx.Client(timeout=30, trust_env=False) as http:
        stand = TeamsStand(url, bot, http)
        stream = f"{url.replace('http', 'ws', 1)}/_ws_conversation/v1/conversations/stream"
        with connect(stream, proxy=None, max_size=None) as socket:
            reader = threading.Thread(target=_read, args=(socket, stand), daemon=True)
            reader.start()
            yield stand
        reader.join(timeout=5)


def _read(socket: ClientConnection, stand: TeamsStand) -> None:
    try:
        for text in socket:
            stand.take(json.loads(text))
    except ConnectionClosed:
        return
