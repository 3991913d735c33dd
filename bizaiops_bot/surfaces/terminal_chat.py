"""`bizaiops chat`: the conversation in a terminal, with the same cards; a number clicks a button."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from bizaiops_bot.domain.cards import Steps
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.feedback import Verdict
from bizaiops_bot.surfaces.client import Client, card_of
from bizaiops_bot.surfaces.plain_signs import fitted, fitted_card
from bizaiops_bot.surfaces.render.clean import one_line
from bizaiops_bot.surfaces.render.html import STEP_SIGNS
from bizaiops_bot.surfaces.render.text import card_rich
from bizaiops_bot.surfaces.shapes import CardOut

POLL_S, LOOK_S, ANSWER_S = 0.3, 0.05, 5.0
HELP = (
    "A number clicks a button, /good and /bad judge the last answer, /as PERSON speaks as someone else, "
    "/people lists them, /quit or Ctrl-D leaves. All else is said."
)
EXIT_OK, EXIT_NO_BOT = 0, 3


def chat(
    base_url: str,
    actor: str,
    conversation: str,
    *,
    client: Client | None = None,
    console: Console | None = None,
    read: Callable[[str], str] | None = None,
) -> int:
    """Talks until Ctrl-D. Returns 0, or 3 when no bot answers.

    read: asks for a line, and raises EOFError to leave; None for the person at the terminal.
    """
    talk = Conversation(client or Client(base_url), actor, conversation, console or Console())
    try:
        talk.begin()
    except BotError as error:
        talk.out.print(Text(str(error)))
        talk.client.close()
        return EXIT_NO_BOT
    watcher = threading.Thread(target=talk.watch, daemon=True)
    with _lines(talk, read) as line_of:
        watcher.start()
        try:
            while True:
                talk.take(line_of(f"{talk.actor}> "))
        except (EOFError, KeyboardInterrupt):
            talk.out.print("Bye. The bot goes on.")
        finally:
            talk.over.set()
            watcher.join(timeout=5)
            talk.client.close()
    return EXIT_OK


@contextlib.contextmanager
def _lines(talk: Conversation, read: Callable[[str], str] | None) -> Iterator[Callable[[str], str]]:
    """How lines are asked for. At a terminal what comes by itself is written above the prompt, which stays below."""
    if read is not None:
        yield read
    elif not sys.stdin.isatty() or not sys.stdout.isatty():
        yield lambda prompt: _piped(talk, prompt)
    else:
        # Imported here: it takes a tenth of a second, and only this needs it.
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        session: PromptSession[str] = PromptSession()
        with patch_stdout(raw=True):
            yield session.prompt


def _piped(talk: Conversation, prompt: str) -> str:
    """The next line of a file or a pipe, shown as if it had been typed."""
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    talk.out.print(Text(fitted(f"{prompt}{line.rstrip()}", talk.out.encoding)))
    return line


@dataclass(frozen=True)
class Pressable:
    """A button on the screen. ask: what it asks a reason for. meant: what it says a judged answer should have been."""

    card: str
    id: str
    ask: str
    meant: str = ""


@dataclass
class Conversation:
    """One terminal. Button numbers only rise, so any number still on the screen means what it meant."""

    client: Client
    actor: str
    conversation: str
    out: Console
    after: int = 0
    buttons: dict[int, Pressable] = field(default_factory=dict)
    shown: dict[str, CardOut] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    lost: bool = False

    def begin(self) -> None:
        """Shows the last two cards, so that one sees where the conversation stands."""
        cards = self.client.cards(self.conversation, 0)
        self.after = cards[-1].seq if cards else 0
        self.out.print(Text(f"#{self.conversation} at {self.client.base_url}. {HELP}", style="bright_black"))
        for card in cards:
            self.shown[card.id] = card
        for card in cards[-2:]:
            self._print(card)

    def take(self, line: str) -> None:
        """Does what one typed line means; errors are told, never raised. EOFError: to leave."""
        words = line.strip()
        try:
            if not words:
                return
            head, _, rest = words.partition(" ")
            if head.isdecimal() and int(head) in self.buttons and (not rest or self.buttons[int(head)].ask):
                self._click(int(head), rest.strip())
            elif words.split()[0] == "/as":
                self._become(words.removeprefix("/as").strip())
            elif words == "/people":
                self.out.print(Text(", ".join(self.client.people())))
            elif words in {"/good", "/bad"}:
                self._judge("good" if words == "/good" else "bad")
            elif words in {"/quit", "/exit"}:
                raise EOFError
            elif words in {"/help", "/?"}:
                self.out.print(Text(HELP))
            else:
                said = self.client.post(self.conversation, self.actor, line)
                self._wait_for(lambda: any(card.reply_to == said.message_id for card in self.shown.values()))
        except BotError as error:
            self.out.print(Text(str(error), style="yellow"))

    def _wait_for(self, come: Callable[[], bool]) -> None:
        """Looks until it has come: an answer stands under what was said, and the prompt under the answer."""
        last = time.monotonic() + ANSWER_S
        self.look()
        while not come() and time.monotonic() < last and not self.over.wait(LOOK_S):
            self.look()

    def look(self) -> None:
        """Prints what is new."""
        with self.lock:
            for card in self.client.cards(self.conversation, self.after):
                self.after = max(self.after, card.seq)
                self._news(card)

    def watch(self) -> None:
        """Prints what comes by itself, until the conversation is over."""
        while not self.over.wait(POLL_S):
            try:
                self.look()
                if self.lost:
                    self.out.print(Text("The bot is back.", style="green"))
                self.lost = False
            except BotError as error:
                if not self.lost:
                    self.out.print(Text(str(error), style="yellow"))
                self.lost = True

    def _become(self, person: str) -> None:
        people = self.client.people()
        if person not in people:
            self.out.print(Text(f"There is no person {person!r}. Known: {', '.join(people)}."))
            return
        self.actor = person
        self.out.print(Text(f"You are {person} now.", style="bright_black"))

    def _click(self, number: int, reason: str) -> None:
        """A button that asks for a reason is pressed with one, or with a dash for none."""
        button = self.buttons[number]
        if button.meant:
            told = self.client.feedback(self.actor, button.card, "bad", meant=button.meant).message
            self.out.print(Text(told, style="bright_black"))
            self.look()
            return
        if button.ask and not reason:
            self.out.print(Text(f"{button.ask} Type: {number} YOUR REASON   (or {number} - to give none)"))
            return
        answer = self.client.click(self.actor, button.card, button.id, reason="" if reason == "-" else reason)
        self.out.print(Text(answer.message, style="green" if answer.accepted else "yellow"))
        self.look()

    def _judge(self, verdict: Verdict) -> None:
        """The last answer on the screen; after a bad one, what may have been meant stands there with numbers."""
        card = next((one for one in reversed(self.shown.values()) if one.is_answer), None)
        if card is None:
            self.out.print(Text("There is no answer to judge yet."))
            return
        answer = self.client.feedback(self.actor, card.id, verdict)
        first = max(self.buttons, default=0) + 1
        self.buttons |= {first + i: Pressable(card.id, "", "", one.playbook) for i, one in enumerate(answer.meant)}
        offered = "  ".join(f"[{first + i}] {one_line(one.label)}" for i, one in enumerate(answer.meant))
        about = f"{one_line(card.title, 60)!r}: {answer.message} {offered}"
        self.out.print(Text(about.strip(), style="bright_black"))

    def _news(self, card: CardOut) -> None:
        """A new card whole; an edited one whole if it says something else now, else only the steps that moved."""
        old = self.shown.get(card.id)
        self.shown[card.id] = card
        moved = _moved(old, card) if old is not None else None
        if old is None or moved is None:
            self._print(card)
            return
        for line in moved:
            self.out.print(line)

    def _print(self, card: CardOut) -> None:
        first = max(self.buttons, default=0) + 1
        self.buttons |= {first + i: Pressable(card.id, b.id, b.ask) for i, b in enumerate(card.buttons)}
        encoding = self.out.encoding
        labels = tuple(fitted(button.label, encoding) for button in card.buttons)
        self.out.print(card_rich(fitted_card(card_of(card), encoding), labels, first=first))


def _moved(old: CardOut, new: CardOut) -> list[Text] | None:
    """Lines for steps whose status changed; None when more than steps has changed."""
    if (old.title, old.tone, [b.label for b in old.buttons]) != (new.title, new.tone, [b.label for b in new.buttons]):
        return None
    before = {step.name: step.status for block in old.blocks if isinstance(block, Steps) for step in block.steps}
    steps = [step for block in new.blocks if isinstance(block, Steps) for step in block.steps]
    if not steps:
        return None
    return [
        Text(f"  {STEP_SIGNS[step.status]} {one_line(step.name)}  {one_line(step.detail)}".rstrip())
        for step in steps
        if before.get(step.name) != step.status
    ]
