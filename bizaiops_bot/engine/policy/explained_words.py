"""An explained decision of policy in words, a line for each part of it."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.engine.policy.explained import Asked, Explained


def explained_words(found: Explained, asks: str, assumed: str) -> str:
    """Several lines. asks: what the bot would ask back first; assumed: what the answer takes for granted."""
    inputs = ", ".join(f"{name} {_said(value)}" for name, value in found.inputs.items()) or "no inputs"
    roles = f"role {', '.join(found.roles)}" if found.roles else "no role"
    rows = [
        ("Request", f"{found.playbook} ({inputs}), a {found.risk}"),
        ("Asked first", asks),
        ("Decided by", f"{found.rule}{_place(found.source)}: {found.why}"),
        *(("Also matches", f"{o.rule} ({o.source}), {o.effect}: {o.why}") for o in found.others),
        *(("And asked", _asked(other)) for other in found.also),
        ("Who may", "" if found.ok else ", ".join(found.who_may) or "nobody"),
        ("Approval", _approval(found) if found.ok else ""),
        ("Budget", _budget(found)),
        ("Assumed", assumed),
    ]
    answer = "Allowed" if found.ok else "Not allowed"
    head = f"{answer} for {found.actor} ({roles}) in {found.environment}."
    return "\n".join([head, *(f"  {name + ':':<14} {said}" for name, said in rows if said)])


def _said(value: Any) -> str:
    """A span of time by its words."""
    return str(value["label"]) if isinstance(value, dict) and "label" in value else str(value)


def _place(source: str) -> str:
    return f" ({source})" if source else ""


def _asked(other: Asked) -> str:
    return f"{other.action}, {'permit' if other.ok else 'refuse'} by {other.rule}{_place(other.source)}: {other.why}"


def _budget(found: Explained) -> str:
    whose = "rule" if found.roles == ("rule",) else "person and the conversation"
    return f"counts for the budgets of the {whose}" if found.costs else ""


def _approval(found: Explained) -> str:
    if not found.needs_approval:
        return "none needed"
    if found.unattended is not None and found.unattended.ok:
        return f"none needed where its rule says so: {_asked(found.unattended)}"
    who = ", ".join(found.approvers) or "nobody"
    return f"a change waits for the approval its plan asks for; when {found.actor} asks, {who} may decide"
