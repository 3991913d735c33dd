"""Cards of the conversation itself: a question back, a clear no, an error."""

from __future__ import annotations

from bizaiops_bot.domain.cards import Answer, Button, Card, Text, Tone
from bizaiops_bot.domain.errors import BotError, Refused, Temporary
from bizaiops_bot.domain.routing import Choice, Command, Question, Refusal
from bizaiops_bot.router.unused import listed


def question_card(question: Question) -> Card:
    """One question with a button per choice."""
    return Card(title=question.text, tone="info", buttons=_buttons(question.choices), summary=question.text)


def refusal_card(refusal: Refusal) -> Card:
    """What the bot will not do, and what it can."""
    blocks = (Text(text=refusal.help),) if refusal.help else ()
    return Card(
        title=refusal.why,
        tone="muted",
        blocks=blocks,
        buttons=_buttons(refusal.choices),
        summary=f"{refusal.why} {refusal.help}".strip(),
        answer="refused",
    )


def with_unused(card: Card, command: Command) -> Card:
    """The answer, which begins with what was said and not used: it may not be what was asked for."""
    left = command.heard.get("unused")
    if not left:
        return card
    said = f"I did not use {listed(left)}."
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


def _buttons(choices: tuple[Choice, ...]) -> tuple[Button, ...]:
    return tuple(Button(label=choice.label, command=choice.command, bind=choice.bind) for choice in choices)


def offered(question: Question) -> list[str]:
    """The playbooks to choose from, where that is the question."""
    return [c.bind["playbook"] for c in question.choices if "playbook" in c.bind] if question.slot == "playbook" else []
