"""Cards of the conversation itself: a question back, a clear no, an error."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.domain.cards import Answer, Button, Card, Text, Tone
from bizaiops_bot.domain.errors import BotError, Refused, Temporary
from bizaiops_bot.domain.routing import Choice, Command, Question, Refusal, Remark
from bizaiops_bot.router.several import left_out
from bizaiops_bot.router.unused import listed


def question_card(question: Question) -> Card:
    """One question with a button per choice."""
    card = Card(title=question.text, tone="info", buttons=_buttons(question.choices), summary=question.text)
    return _politely(card, question.heard)


def refusal_card(refusal: Refusal) -> Card:
    """What the bot will not do, and what it can."""
    blocks = (Text(text=refusal.help),) if refusal.help else ()
    card = Card(
        title=refusal.why,
        tone="muted",
        blocks=blocks,
        buttons=_buttons(refusal.choices),
        summary=f"{refusal.why} {refusal.help}".strip(),
        answer="refused",
    )
    return _politely(card, refusal.heard)


def remark_card(remark: Remark) -> Card:
    """A line and no more; it refuses nothing."""
    return Card(title=remark.text, tone="muted", buttons=_buttons(remark.choices), summary=remark.text)


def card_of(decision: Question | Refusal | Remark) -> Card:
    """What is said where nothing is carried out."""
    if isinstance(decision, Question):
        return question_card(decision)
    return remark_card(decision) if isinstance(decision, Remark) else refusal_card(decision)


def with_unused(card: Card, command: Command) -> Card:
    """The answer, which begins with what was said and not used: it may not be what was asked for; and before that, to
    who speaks another language, with a line in it.
    """
    left = command.heard.get("unused")
    card = with_line(card, f"I did not use {listed(left)}.") if left else card
    left_over = left_out(command)
    return _politely(with_line(card, left_over) if left_over else card, command.heard)


def with_line(card: Card, said: str) -> Card:
    """The card, which begins with one more line."""
    return card.model_copy(update={"blocks": (Text(text=said), *card.blocks), "summary": f"{said} {card.text}"})


def error_card(error: BotError) -> Card:
    """What happened, why, what to do; never a stack trace."""
    refused = isinstance(error, Refused)
    tone: Tone = "warning" if refused or isinstance(error, Temporary) else "danger"
    blocks = tuple(Text(text=part) for part in (error.why, error.do) if part)
    answer: Answer = "refused" if refused else "failed"
    return Card(title=error.what, tone=tone, blocks=blocks, summary=str(error), answer=answer)


def broken_card(reference: str) -> Card:
    """For an error we did not foresee: says only what is known."""
    what = "Something went wrong on my side."
    why = (
        f"I did not finish answering; a run that had begun is shown by `list runs`. Reference for the log: {reference}."
    )
    return Card(title=what, tone="danger", blocks=(Text(text=why),), summary=f"{what} {why}", answer="failed")


def _politely(card: Card, heard: dict[str, Any]) -> Card:
    line = heard.get("polite")
    return card.model_copy(update={"blocks": (Text(text=line), *card.blocks)}) if line else card


def _buttons(choices: tuple[Choice, ...]) -> tuple[Button, ...]:
    return tuple(Button(label=choice.label, command=choice.command, bind=choice.bind) for choice in choices)


def offered(question: Question) -> list[str]:
    """The playbooks to choose from, where that is the question."""
    return [c.bind["playbook"] for c in question.choices if "playbook" in c.bind] if question.slot == "playbook" else []
