"""Buttons. Teams drops an Action.Execute in silence unless its verb is set, and our listener reads data.action."""

from __future__ import annotations

from collections.abc import Mapping

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.posts import PostedButton, PostedCard
from bizaiops_bot.surfaces.render.adaptive_text import SEE_ALL, Element, inline, literal, rich, small
from bizaiops_bot.surfaces.render.changes import MOST_TOLD, by_weight
from bizaiops_bot.surfaces.render.clean import one_line

STYLES = {"primary": "positive", "danger": "destructive"}
IN_A_ROW = 6
"""Teams shows six actions of a set and hides or refuses what follows."""
BUTTONS_MAX = 18
LABEL_MAX, QUESTION_MAX, REASON_MAX = 40, 300, 500
REASON = "reason"
DETAILS = "details"


def execute(verb: str, title: str, data: Mapping[str, str], **more: str) -> Element:
    """The only place an Action.Execute is made."""
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": {"action": verb, **data}, **more}


def open_url(title: str, url: str) -> Element:
    """A page of the console, opened in the browser. The only place an Action.OpenUrl is made."""
    return {"type": "Action.OpenUrl", "title": literal(one_line(title, LABEL_MAX)) or "…", "url": url}


def folded(inside: list[Element]) -> list[Element]:
    """Hidden until someone asks for it."""
    show = {"type": "Action.ToggleVisibility", "title": "Details", "targetElements": [DETAILS]}
    return [
        {"type": "ActionSet", "actions": [show]},
        {"type": "Container", "id": DETAILS, "isVisible": False, "items": inside},
    ]


def button_actions(posted: PostedCard) -> list[Element]:
    """One action a button, in order."""
    asked = [button.id for button in posted.buttons if one_line(button.ask)]
    return [
        _action(posted, button, asked.index(button.id) if button.id in asked else 0)
        for button in posted.buttons[:BUTTONS_MAX]
    ]


def form_action(posted: PostedCard) -> Element:
    """Opens a dialog: Teams takes no Action.Execute for that."""
    data = {"msteams": {"type": "task/fetch"}, "form": posted.id}
    return {"type": "Action.Submit", "title": "Fill in a form", "data": data}


def refresh(posted: PostedCard, viewers: tuple[str, ...]) -> Element:
    """Teams asks for the card anew for each of these people, so that each can have a view of their own."""
    return {"action": execute("refresh", "Refresh", {"card": posted.id}), "userIds": list(viewers)}


def reason_of(data: Mapping[str, object]) -> str:
    """What was typed as a reason, of the data of a click; empty when nothing was."""
    typed = (value for name, value in data.items() if name.partition("_")[0] == REASON and isinstance(value, str))
    return next((text.strip() for text in typed if text.strip()), "")


def rows_of(actions: list[Element], dropped: int) -> tuple[list[Element], list[Element]]:
    """(body elements, actions of the card): what does not go into the last row stands in sets above it."""
    last = (len(actions) - 1) // IN_A_ROW * IN_A_ROW if actions else 0
    body: list[Element] = [
        {"type": "ActionSet", "actions": actions[i : i + IN_A_ROW]} for i in range(0, last, IN_A_ROW)
    ]
    if dropped > 0:
        body.append(small(f"{dropped} more buttons: {SEE_ALL}"))
    return body, actions[last:]


def _action(posted: PostedCard, button: PostedButton, nth: int) -> Element:
    label = literal(one_line(button.label, LABEL_MAX)) or "…"
    style = {"style": STYLES[button.style]} if button.style in STYLES else {}
    data = {"card": posted.id, "button": button.id}
    told = _confirmation(posted.card, button)
    question = one_line(button.ask, QUESTION_MAX)
    if not told and not question:
        return execute("click", label, data, **style)
    yes = label if question else f"Yes, {label[0].lower()}{label[1:]}"
    body = [rich(inline(part)) for part in (told, question) if part]
    if question:
        body.append(_reason(nth))
    inner = {"type": "AdaptiveCard", "body": body, "actions": [execute("click", yes, data, **style)]}
    return {"type": "Action.ShowCard", "title": f"{label.rstrip('…. ')}…", "card": inner, **style}


def _reason(nth: int) -> Element:
    """An id of its own for each: Teams refuses a card with two inputs of one id."""
    name = f"{REASON}_{nth + 1}" if nth else REASON
    about = {"isMultiline": True, "maxLength": REASON_MAX, "placeholder": "In a sentence; it may stay empty"}
    return {"type": "Input.Text", "id": name, "label": "Reason", **about}


def _confirmation(card: Card, button: PostedButton) -> str:
    """What is said before the last click, which Teams has no dialog for; the approval of a change always says it."""
    given = one_line(button.confirm, QUESTION_MAX)
    if given or card.run_id is None or not button.label.strip().lower().startswith("approve"):
        return given
    lines = by_weight(card.blocks)
    if not lines:
        return one_line(f"Approved, this is done: {card.title}", QUESTION_MAX)
    told = "; ".join(
        f"{line.what}: {line.before or 'nothing'} → {line.after or 'nothing'}" for line in lines[:MOST_TOLD]
    )
    more = f" and {len(lines) - MOST_TOLD} more" if len(lines) > MOST_TOLD else ""
    return f"Approved, this changes: {one_line(told, QUESTION_MAX)}{more}."
