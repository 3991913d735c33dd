"""`bizaiops say`: one thing said to a running bot, its answer watched until nothing more is to come."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any, get_args

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from bizaiops_bot.domain.errors import BadInput, BotError, NotFound
from bizaiops_bot.domain.posts import ClickAnswer
from bizaiops_bot.domain.records import FINISHED, RunStatus
from bizaiops_bot.surfaces.client import Client, NoBot, button_labelled, card_of
from bizaiops_bot.surfaces.plain_signs import fitted, fitted_card
from bizaiops_bot.surfaces.render.text import card_rich
from bizaiops_bot.surfaces.shapes import CardOut
from bizaiops_bot.surfaces.terminal_chat import chat

__all__ = ["EXIT_FAILED", "EXIT_NO_BOT", "EXIT_OK", "EXIT_TIMEOUT", "EXIT_USAGE", "chat", "say"]
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NO_BOT, EXIT_TIMEOUT = range(5)
BAD_ENDS = {"failed", "rejected", "expired", "cancelled"} & set(get_args(RunStatus))
SETTLED = FINISHED | {"waiting"}
FIRST_POLL_S, LAST_POLL_S, GRACE_S = 0.02, 0.5, 3.0


@dataclass
class Heard:
    """What came back: newest version of each card in order of arrival, status of their runs, answer to a click."""

    message_id: str = ""
    cards: dict[str, CardOut] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    click: ClickAnswer | None = None

    @property
    def failed(self) -> bool:
        """Refused, or ended badly."""
        refused = self.click is not None and not self.click.accepted
        bad_run = any(status in BAD_ENDS for status in self.runs.values())
        bad_card = any(card.answer != "ok" and card.run_id is None for card in self.cards.values())
        return refused or bad_run or bad_card


def say(
    text: str,
    base_url: str,
    actor: str,
    conversation: str,
    click: str | None = None,
    wait_s: float = 60.0,
    as_json: bool = False,
    *,
    reason: str = "",
    client: Client | None = None,
    console: Console | None = None,
) -> int:
    """Says `text` (empty: only clicks), waits for the answer, clicks `click` on the newest card that has it.

    reason: goes with a click that decides.

    Returns 0 done (or waiting for someone), 1 refused or failed, 2 wrong use, 3 no bot there, 4 still going on after
    `wait_s` seconds; a run is watched until it ends or waits for a person.
    as_json: one JSON object {message_id, cards, runs, click} on standard output instead of cards.
    """
    talk = client or Client(base_url)
    out = console or Console()
    errors = console or Console(stderr=True)
    try:
        return _Talk(talk, actor, conversation, time.monotonic() + wait_s, out, as_json, reason).hold(text, click)
    except NoBot as error:
        errors.print(Text(str(error)))
        return EXIT_NO_BOT
    except BotError as error:
        errors.print(Text(str(error)))
        usage = isinstance(error, BadInput) and not isinstance(error, NotFound)
        return EXIT_USAGE if usage else EXIT_FAILED
    except KeyboardInterrupt:
        errors.print("Stopped watching; the bot goes on.")
        return EXIT_TIMEOUT
    finally:
        talk.close()


@dataclass
class _Talk:
    client: Client
    actor: str
    conversation: str
    until: float
    out: Console
    as_json: bool
    reason: str = ""
    heard: Heard = field(default_factory=Heard)
    after: int = 0
    thread: str = ""
    quiet_until: float = 0.0

    def hold(self, text: str, click: str | None) -> int:
        if not text.strip() and not click:
            raise BadInput("There is nothing to say.", do='Try: bizaiops say "what models do we have?"')
        done = True
        if text.strip():
            said = self.client.post(self.conversation, self.actor, text)
            self.heard.message_id, self.after, self.thread = said.message_id, said.seq, said.thread
            done = self._watch()
        if click and done:
            done = self._click(click)
        if self.as_json:
            self._print_json()
        if not done:
            self._explain_timeout()
            return EXIT_TIMEOUT
        return EXIT_FAILED if self.heard.failed else EXIT_OK

    def _click(self, label: str) -> bool:
        cards = list(self.heard.cards.values()) or self.client.cards(self.conversation, 0)
        card = next((card for card in reversed(cards) if button_labelled(card, label)), None)
        if card is None:
            labels = sorted({button.label for card in cards[-5:] for button in card.buttons})
            raise NotFound("button", label, labels)
        button = button_labelled(card, label)
        assert button is not None
        self.heard.click = self.client.click(self.actor, card.id, button.id, reason=self.reason)
        if not self.as_json:
            self.out.print(Text(self.heard.click.message, style="green" if self.heard.click.accepted else "yellow"))
        if not self.heard.click.accepted:
            return True
        self.after, self.thread = max(self.after, card.seq), card.thread
        self.heard.cards = {card.id: card}
        # The click is stored before its outcome shows: what stands there now is not yet the answer.
        self.quiet_until = time.monotonic() + GRACE_S
        return self._watch()

    def _watch(self) -> bool:
        """Follows the answer's cards until they settle; False when time is over."""
        if self.as_json:
            return self._follow(None)
        with Live(console=self.out, auto_refresh=False, transient=False) as live:
            done = self._follow(live)
        if not self.out.is_terminal:
            self.out.print()  # Live leaves the last line open when nobody watches it change
        return done

    def _follow(self, live: Live | None) -> bool:
        pause = FIRST_POLL_S
        while True:
            fresh = [card for card in self.client.cards(self.conversation, self.after) if self._ours(card)]
            for card in fresh:
                self.heard.cards[card.id] = card
                self.after = max(self.after, card.seq)
            if fresh:
                self.quiet_until = 0.0
            if fresh and live is not None:
                live.update(Group(*(_draw(card, self.out) for card in self.heard.cards.values())), refresh=True)
            if self._settled(fresh):
                return True
            if time.monotonic() >= self.until:
                return False
            time.sleep(pause)
            pause = FIRST_POLL_S if fresh else min(LAST_POLL_S, pause * 1.5)

    def _ours(self, card: CardOut) -> bool:
        return card.id in self.heard.cards or card.reply_to == self.heard.message_id != "" or card.thread == self.thread

    def _settled(self, fresh: list[CardOut]) -> bool:
        """Something has arrived, every run has ended or waits for a person, and the last look brought nothing new."""
        if not self.heard.cards or fresh or time.monotonic() < self.quiet_until:
            return False
        numbers = {card.run_id for card in self.heard.cards.values() if card.run_id is not None}
        self.heard.runs = {number: self.client.run_status(number) for number in numbers}
        return all(status in SETTLED or not status for status in self.heard.runs.values())

    def _explain_timeout(self) -> None:
        known = {card.run_id for card in self.heard.cards.values() if card.run_id is not None}
        running = sorted(number for number in known if self.heard.runs.get(number) not in FINISHED)
        look = f'bizaiops say "show run {running[0]}"' if running else "bizaiops say --wait 120 …, or open the console"
        what = f"Run {running[0]} is still going on." if running else "No answer has come yet; the message is stored."
        Console(stderr=True).print(Text(f"{what} Look again: {look}"))

    def _print_json(self) -> None:
        heard = self.heard
        whole: dict[str, Any] = {
            "message_id": heard.message_id,
            "cards": [card.model_dump(mode="json") for card in heard.cards.values()],
            "runs": {str(number): status for number, status in heard.runs.items()},
            "click": heard.click.model_dump() if heard.click else None,
        }
        unicode = self.out.encoding.startswith("utf")
        self.out.print_json(data=whole, indent=2 if sys.stdout.isatty() else None, ensure_ascii=not unicode)


def _draw(card: CardOut, out: Console) -> Any:
    labels = tuple(fitted(button.label, out.encoding) for button in card.buttons)
    return card_rich(fitted_card(card_of(card), out.encoding), labels)
