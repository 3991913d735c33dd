"""Who may do what: Cedar policies, deny by default, a forbid always wins. The answer names the rule that decided."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cedarpy

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value

# Groups of roles as policies see them: everyone is a member, those who run models are operators.
_PARENTS = {
    "engineer": ("operator", "member"),
    "approver": ("operator", "member"),
    "sre": ("operator", "member"),
    "analyst": ("member",),
}


class Allowed(Value):
    """A decision of policy: `rule` is the policy's id, `why` its words; "default" when nothing permits."""

    ok: bool
    rule: str
    why: str


class Policy:
    """The parsed policy set. Decisions take 0.1-0.2 ms."""

    def __init__(self, text: str, source: str, people: Iterable[Actor], actions: Mapping[str, str]) -> None:
        """actions: playbook name -> risk. Raises Permanent when the text is not Cedar."""
        try:
            self._set = cedarpy.PolicySet.from_str(text)
            parsed = json.loads(cedarpy.policies_to_json_str(text))
        except Exception as exc:
            raise Permanent(
                f"The policy file {source} cannot be read.", str(exc), "Mend it; nothing is allowed until then."
            ) from exc
        self._notes: dict[str, dict[str, str]] = {
            k: v.get("annotations", {}) for k, v in parsed["staticPolicies"].items()
        }
        self._people = tuple(people)
        self._actions = dict(actions)
        self._static = [*_role_entities(), *_action_entities(actions)]

    @classmethod
    def load(cls, folder: Path, people: Iterable[Actor], actions: Mapping[str, str]) -> Policy:
        """All *.cedar files of the folder; raises Permanent when there is none."""
        files = sorted(folder.glob("*.cedar"))
        if not files:
            raise Permanent(f"There is no policy in {str(folder)!r}.", do="Put at least one .cedar file there.")
        return cls("\n".join(f.read_text() for f in files), ", ".join(f.name for f in files), people, actions)

    def may(self, actor: Actor, action: str, *, model: str | None = None, **context: Any) -> Allowed:
        """Whether `actor` may do `action` (a playbook name, "approve" or "unattended") to `model`, and which rule
        says so.
        """
        request = {
            "principal": {"type": "Actor", "id": actor.id},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Model", "id": model or "*"},
            "context": {"requester": "", "frozen": False, "playbook": "", **context},
        }
        result = cedarpy.is_authorized(request, self._set, [*self._static, _actor_entity(actor)])
        ids = [self._notes.get(p, {}) for p in result.diagnostics.reasons]
        note = ids[0] if ids else {"id": "default", "why": f"no rule permits it to {_roles(actor)}"}
        return Allowed(ok=bool(result.allowed), rule=note.get("id", "unnamed"), why=note.get("why", ""))

    def who_may(self, action: str, *, model: str | None = None, **context: Any) -> list[str]:
        """Ids of the people whom policy lets do `action`."""
        return [p.id for p in self._people if self.may(p, action, model=model, **context).ok]


def _roles(actor: Actor) -> str:
    return f"the role {' or '.join(actor.roles)}" if actor.roles else "someone without a role"


def _role_entities() -> list[dict[str, Any]]:
    names = {"operator", "member", "rule", "schedule", *_PARENTS}
    return [_entity("Role", name, parents=[("Role", p) for p in _PARENTS.get(name, ())]) for name in sorted(names)]


def _action_entities(actions: Mapping[str, str]) -> list[dict[str, Any]]:
    groups = [_entity("Action", risk) for risk in ("read", "control", "change")]
    return groups + [_entity("Action", name, parents=[("Action", risk)]) for name, risk in sorted(actions.items())]


def _actor_entity(actor: Actor) -> dict[str, Any]:
    roles = actor.roles if actor.kind == "person" else (actor.kind,)
    entity = _entity("Actor", actor.id, parents=[("Role", r) for r in roles])
    entity["attrs"] = {"id": actor.id}
    return entity


def _entity(kind: str, name: str, parents: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": [{"type": k, "id": n} for k, n in parents]}
