"""A lobby in memory, for tests of the chat surfaces: people by platform id, events, places, one form, a home page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.cards import Button, Card, Text
from bizaiops_bot.domain.errors import NotFound, Refused
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict
from bizaiops_bot.domain.forms import Form, FormField, WrongFields
from bizaiops_bot.domain.identity import Identity, PlatformName
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.domain.posts import ClickAnswer, PostedCard, PostedMessage
from tests.support.fake_desk import PEOPLE, FakeDesk

USERS = {"UENG": "engineer", "ULEAD": "lead", "UANA": "analyst", "USRE": "sre"}
"""Platform id -> person."""
STANDINGS = {
    "guest": "You are a guest here. Guests cannot give me orders.",
    "bot": "That came from a bot. Bots cannot give me orders.",
    "stranger": "You are of another company. I take orders from our own people only.",
    "deactivated": "That account is deactivated.",
}


@dataclass(frozen=True)
class Said:
    """One call of Desk.post."""

    conversation: str
    actor: str
    text: str
    platform_event: str | None
    platform_thread: str | None
    thread: str | None = None


@dataclass(frozen=True)
class Clicked:
    """One call of Desk.click."""

    actor: str
    card: str
    button: str
    reason: str
    event_id: str | None


class RecordingDesk(FakeDesk):
    """Keeps every call; a platform's event is one message, and its threads are joined, as the front desk does.

    said holds the messages that were new. thumbs: (actor, card, verdict) as given by feedback.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Said] = []
        self.clicks: list[Clicked] = []
        self.thumbs: list[tuple[str, str, Verdict]] = []
        self._threads: dict[tuple[str, str], str] = {}

    async def post(
        self,
        conversation: str,
        actor: str,
        text: str,
        *,
        thread: str | None = None,
        event_id: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        if platform_event is None or platform_event not in self.by_event:
            self.said.append(Said(conversation, actor, text, platform_event, platform_thread, thread))
        at = (conversation, platform_thread or "")
        joined = thread or self._threads.get(at)
        known = platform_event or event_id
        message = await super().post(conversation, actor, text, thread=joined, event_id=known)
        if platform_thread:
            self._threads.setdefault(at, message.thread)
        return message

    async def click(
        self, actor: str, card: str, button: str, *, reason: str = "", event_id: str | None = None
    ) -> ClickAnswer:
        self.clicks.append(Clicked(actor, card, button, reason, event_id))
        return await super().click(actor, card, button, reason=reason, event_id=event_id)

    async def feedback(
        self, actor: str, card: str, verdict: Verdict, event_id: str | None = None, *, meant: str = ""
    ) -> FeedbackAnswer:
        answer = await super().feedback(actor, card, verdict, event_id, meant=meant)
        self.thumbs.append((actor, card, verdict))
        return answer


@dataclass
class FakeDirectory:
    """users: platform id -> person's id; whoever is not in it is nobody the settings name."""

    users: dict[str, str] = field(default_factory=lambda: dict(USERS))
    seen: dict[str, Identity] = field(default_factory=dict)
    refreshed: list[tuple[PlatformName, list[Identity]]] = field(default_factory=list)

    async def recognise(self, identity: Identity) -> Actor:
        if identity.standing != "member":
            raise Refused(STANDINGS[identity.standing])
        person = self.users.get(identity.user)
        if person is None:
            raise Refused("I do not know you.", f"Nobody has {identity.user}.", "Ask an admin to add your e-mail.")
        self.seen[person] = identity
        return next(actor for actor in PEOPLE if actor.id == person)

    async def known_as(self, person: str, platform: PlatformName) -> Identity | None:
        found = self.seen.get(person)
        return found if found is not None and found.platform == platform else None

    def groups(self, platform: PlatformName) -> dict[str, tuple[str, ...]]:
        told = [one for of, seen in self.refreshed if of == platform for one in seen]
        return {one.user: one.groups for one in told if one.groups}

    async def refresh(self, platform: PlatformName, seen: list[Identity]) -> None:
        self.refreshed.append((platform, seen))


@dataclass
class FakeEvents:
    """bodies: of what is taken and not ended."""

    bodies: dict[str, tuple[PlatformName, str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    async def take(self, event: str, platform: PlatformName, body: str) -> bool:
        if event in self.known:
            return False
        self.known.add(event)
        self.bodies[event] = (platform, body)
        return True

    async def end(self, event: str) -> None:
        self.bodies.pop(event, None)

    async def left(self, platform: PlatformName) -> list[tuple[str, str]]:
        return [(event, body) for event, (of, body) in self.bodies.items() if of == platform]


@dataclass
class FakePlaces:
    known: dict[str, ChatPlace] = field(default_factory=dict)

    async def note(self, place: ChatPlace) -> None:
        self.known[place.conversation] = place

    async def find(self, conversation: str) -> ChatPlace | None:
        return self.known.get(conversation)

    async def forget(self, conversation: str) -> None:
        self.known.pop(conversation, None)

    async def all(self, platform: PlatformName) -> list[ChatPlace]:
        return [place for place in self.known.values() if place.conversation.startswith(f"{platform}:")]


DEPLOY = Form(
    playbook="deploy_model",
    title="Deploy a model",
    text="What is missing for the deployment.",
    fields=(
        FormField(
            name="model",
            label="Model",
            kind="choice",
            required=True,
            choices=(("churn", "churn"), ("demand", "demand")),
        ),
        FormField(name="version", label="Version", required=True, hint="Such as v2."),
        FormField(name="canary", label="Canary, percent", kind="number", value="10", low=1, high=50),
    ),
)


@dataclass
class FakeForms:
    """Knows the form of deploy_model; a card whose title ends in "?" asks for it."""

    desk: RecordingDesk
    filled: list[dict[str, str]] = field(default_factory=list)

    async def form(self, actor: str, playbook: str, given: Mapping[str, str] | None = None) -> Form:
        if playbook != DEPLOY.playbook:
            raise NotFound("request", playbook, [DEPLOY.playbook])
        if actor == "analyst":
            raise Refused("analyst may not deploy models.", "That needs the role engineer.", "Ask engineer or lead.")
        values = given or {}
        fields = tuple(f.model_copy(update={"value": values.get(f.name, f.value)}) for f in DEPLOY.fields)
        return DEPLOY.model_copy(update={"fields": fields})

    async def form_of(self, actor: str, card: str) -> Form | None:
        found = next((p for p in reversed(self.desk.log) if isinstance(p, PostedCard) and p.id == card), None)
        return await self.form(actor, DEPLOY.playbook) if found and found.card.title.endswith("?") else None

    async def fill(
        self,
        actor: str,
        conversation: str,
        playbook: str,
        values: Mapping[str, str],
        *,
        thread: str | None = None,
        platform_event: str | None = None,
        platform_thread: str | None = None,
    ) -> PostedMessage:
        form = await self.form(actor, playbook)
        wrong = {f.name: "This is needed." for f in form.fields if f.required and not values.get(f.name, "").strip()}
        percent = values.get("canary", "10").strip()
        if not percent.isdigit() or not 1 <= int(percent) <= 50:
            wrong["canary"] = "A whole number from 1 to 50."
        if wrong:
            raise WrongFields(wrong)
        self.filled.append(dict(values))
        said = f"deploy {values['model']} {values['version']} as a {percent}% canary"
        return await self.desk.post(
            conversation, actor, said, thread=thread, platform_event=platform_event, platform_thread=platform_thread
        )


HOME = (
    Card(
        title="One change waits for you",
        blocks=(Text(text="run 3: deploy **churn** v2"),),
        buttons=(Button(label="Show run 3", command="show run 3"),),
    ),
    Card(title="Your models", blocks=(Text(text="churn v1, healthy"),)),
)


@dataclass
class FakeHomePages:
    desk: RecordingDesk
    cards: tuple[Card, ...] = HOME

    async def page(self, actor: str) -> tuple[Card, ...]:
        return self.cards

    async def say(self, actor: str, conversation: str, command: str, *, platform_event: str) -> PostedMessage:
        return await self.desk.post(conversation, actor, command, platform_event=platform_event)


class FakeLobby(Lobby):
    """A Lobby whose parts are the fakes above: `lobby.desk.said`, `lobby.people.users`, `lobby.places.known`…"""

    desk: RecordingDesk
    people: FakeDirectory
    events: FakeEvents
    places: FakePlaces
    forms: FakeForms
    home: FakeHomePages


def fake_lobby() -> FakeLobby:
    desk = RecordingDesk()
    return FakeLobby(desk, FakeDirectory(), FakeEvents(), FakePlaces(), FakeForms(desk), FakeHomePages(desk))
