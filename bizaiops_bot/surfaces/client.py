"""A running bot, driven over its REST interface. What `bizaiops say` and `bizaiops chat` are made of."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BadInput, BotError, Conflict, NotFound, Permanent, Refused, Temporary
from bizaiops_bot.domain.feedback import FeedbackAnswer, Verdict
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.surfaces.plain_signs import readable
from bizaiops_bot.surfaces.shapes import ButtonOut, CardOut, MessageAccepted

PAGE = 500
ERRORS: dict[int, type[BotError]] = {401: Refused, 403: Refused, 409: Conflict, 422: BadInput, 503: Temporary}


class NoBot(BotError):
    """Nothing answers at the address."""


class Unknown(Permanent):
    """The bot knows no such thing (404)."""


class Client:
    """Calls are synchronous, at most 10 s each. Raises BotError for what the bot refuses, NoBot when none is there."""

    def __init__(self, base_url: str, http: httpx.Client | None = None, *, token: str | None = None) -> None:
        """token: needed by a bot that is not a demo."""
        self.base_url = base_url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy from the environment must not stand between two programs of one machine.
        try:
            self.http = http or httpx.Client(base_url=self.base_url, timeout=10.0, trust_env=False, headers=headers)
        except (httpx.InvalidURL, ValueError) as error:
            raise BadInput(f"{base_url!r} is no address.", f"{error}.", "Write it as http://127.0.0.1:8642.") from error

    def close(self) -> None:
        """Gives the connection back."""
        self.http.close()

    def post(self, conversation: str, actor: str, text: str, thread: str | None = None) -> MessageAccepted:
        """Says something."""
        body = {"actor": actor, "text": text, "thread": thread}
        return MessageAccepted.model_validate(
            self._call("POST", f"/api/conversations/{_part(conversation)}/messages", json=body)
        )

    def click(self, actor: str, card: str, button: str, *, reason: str = "") -> ClickAnswer:
        """Clicks a button; `reason` goes with a decision."""
        body = {"actor": actor, "card_id": card, "button_id": button, "reason": reason}
        return ClickAnswer.model_validate(self._call("POST", "/api/clicks", json=body))

    def feedback(self, actor: str, card: str, verdict: Verdict, *, meant: str = "") -> FeedbackAnswer:
        """Judges an answer."""
        body = {"actor": actor, "verdict": verdict, "meant": meant}
        path = f"/api/cards/{_part(card)}/feedback"
        return FeedbackAnswer.model_validate(self._call("POST", path, json=body))

    def catalogue(self) -> Catalogue:
        """The names that exist now."""
        return Catalogue.model_validate(self._call("GET", "/api/catalogue"))

    def cards(self, conversation: str, after: int) -> list[CardOut]:
        """Every card with a higher seq, newest version of each."""
        found: list[CardOut] = []
        while True:
            params = {"after": found[-1].seq if found else after, "limit": PAGE}
            page = self._call("GET", f"/api/conversations/{_part(conversation)}/cards", params=params)
            found += [CardOut.model_validate(card) for card in page]
            if len(page) < PAGE:
                return found

    def people(self) -> list[str]:
        """Ids of the accounts."""
        return [str(person["id"]) for person in self._call("GET", "/api/people")]

    def data_folder(self) -> str:
        """Where a demo keeps its data, on its own machine; empty when it does not say."""
        return str(self._call("GET", "/api/world").get("data", ""))

    def run_status(self, number: int) -> str:
        """Status of a run, such as "waiting" or "succeeded"; empty for one the bot does not know (yet)."""
        try:
            return str(self._call("GET", f"/api/runs/{number}")["status"])
        except (NotFound, Unknown):
            return ""

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        if "json" in kwargs:
            kwargs["json"] = {k: readable(v) if isinstance(v, str) else v for k, v in kwargs["json"].items()}
        try:
            response = self.http.request(method, path, **kwargs)
        except httpx.TimeoutException as error:
            raise Temporary(f"The bot at {self.base_url} did not answer within 10 s.", do="Try again.") from error
        except httpx.TransportError as error:
            do = "Start one with `bizaiops demo`, then say it again."
            raise NoBot(f"No bot answers at {self.base_url}.", do=do) from error
        if response.is_success:
            return response.json()
        raise _error(response)


def _part(name: str) -> str:
    """A name as one part of a path, whatever it is made of."""
    return quote(readable(name), safe="")


def _error(response: httpx.Response) -> BotError:
    try:
        said = response.json()["error"]
        words = (str(said["what"]), str(said["why"]), str(said["do"]))
    except (ValueError, KeyError, TypeError):
        words = (
            f"{response.url} answered {response.status_code}.",
            "That is not this bot's way to answer.",
            "Check the address.",
        )
    return ERRORS.get(response.status_code, Unknown)(*words)


def card_of(out: CardOut) -> Card:
    """The card to draw; its buttons stay with `out`, as only they can be clicked."""
    return Card(
        title=out.title, tone=out.tone, blocks=out.blocks, run_id=out.run_id, summary="" if out.blocks else out.text
    )


def button_labelled(card: CardOut, label: str) -> ButtonOut | None:
    """The button with this label: exactly, else without regard to case, else the only one that begins so."""
    wanted = label.strip().casefold()
    exact = [button for button in card.buttons if button.label == label]
    same = [button for button in card.buttons if button.label.casefold() == wanted]
    begins = [button for button in card.buttons if wanted and button.label.casefold().startswith(wanted)]
    return next(iter(exact or same or (begins if len(begins) == 1 else [])), None)
