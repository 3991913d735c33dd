"""Who may do what: Cedar policies, deny by default, a forbid always wins. The answer names the rule that decided."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import cedarpy

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.policy import schema
from bizaiops_bot.engine.policy.files import Written, check_policies, read_policies
from bizaiops_bot.playbook import Playbook

# Groups of roles as policies see them: everyone is a member, those who run models are operators.
PARENTS = {
    "engineer": ("operator", "member"),
    "approver": ("operator", "member"),
    "sre": ("operator", "member"),
    "analyst": ("member",),
}
ROLES = ("operator", "member", "rule", "schedule", "timer", *PARENTS)
_KEPT_ACTORS = 256
_EMPTY = {"requester": "", "frozen": False, "over_budget": False, "playbook": "", "delegators": ()}


class Allowed(Value):
    """A decision of policy: `rule` is the policy's id, `why` its words, `source` its file and line.

    "default" without a source when nothing permits; "error" when a rule could not be asked, which refuses.
    """

    ok: bool
    rule: str
    why: str
    source: str = ""


class Policy:
    """The parsed policies. A decision takes about 0.1 ms.

    people: a live view, such as the values of a dict: roles count as they are when a decision is asked for.
    """

    def __init__(
        self,
        policies: list[Written],
        people: Collection[Actor],
        actions: Mapping[str, str],
        *,
        environment: str = "demo",
        kinds: Mapping[str, Mapping[str, str]] | None = None,
        safety: Collection[str] = (),
    ) -> None:
        """actions: playbook name -> risk. kinds: playbook name -> input -> its type in Cedar. safety: names of the
        playbooks that make things safe again.
        """
        self.people = people
        self.policies = policies
        self.environment = environment
        self._kinds = dict(kinds or {})
        self._set = _parsed(policies)
        self._permits = [policy for policy in policies if policy.effect == "permit"]
        self._permit_set = _parsed(self._permits)
        self._static = cedarpy.Entities.from_json_str(
            json.dumps([*_role_entities(), *_action_entities(actions, safety)])
        )
        self._entities: dict[tuple[str, tuple[str, ...]], Any] = {}

    @classmethod
    def load(cls, folder: Path, people: Collection[Actor], playbooks: Iterable[Playbook]) -> Policy:
        """All *.cedar files of the folder, not compared with the schema: for a bot that has not all playbooks.

        Raises Permanent naming file and line.
        """
        known = list(playbooks)
        actions = {playbook.name: str(playbook.risk) for playbook in known}
        return cls(read_policies(folder), people, actions, safety=[p.name for p in known if p.safety])

    @classmethod
    def checked(
        cls,
        folder: Path,
        people: Collection[Actor],
        playbooks: Iterable[Playbook],
        *,
        environment: str = "demo",
        schema_in: Path | None = None,
    ) -> Policy:
        """As `load`, with every name compared with the schema, the playbooks and their inputs. schema_in: where that
        is, None for the folder of the policies.
        """
        known = list(playbooks)
        policies = read_policies(folder)
        check_policies(policies, schema.read_schema(schema_in or folder, known), ROLES)
        actions = {playbook.name: str(playbook.risk) for playbook in known}
        kinds = {playbook.name: schema.kinds_of(playbook) for playbook in known}
        safety = [playbook.name for playbook in known if playbook.safety]
        return cls(policies, people, actions, environment=environment, kinds=kinds, safety=safety)

    def may(self, actor: Actor, action: str, *, model: str | None = None, **context: Any) -> Allowed:
        """Whether `actor` may do `action` to `model` now, and which rule says so.

        action: a playbook's name, "approve", "unattended" or "delegate". context: requester, frozen, over_budget,
        playbook, inputs and delegators, see bizaiops.cedarschema; what is left out is empty or false, and the
        environment that of the inputs, else the default one.
        """
        reasons, errors = self._ask(self._set, actor, action, model, context)
        if errors:
            # Cedar leaves out a rule that it cannot evaluate, which would open what a forbid closes.
            return Allowed(ok=False, rule="error", why=f"policy could not be asked: {errors[0]}")
        return _decision([self.policies[i] for i in reasons], actor)

    def overruled(self, actor: Actor, action: str, *, model: str | None = None, **context: Any) -> list[Written]:
        """The permits that match a request: those that a forbid overrules when it is refused."""
        reasons, _ = self._ask(self._permit_set, actor, action, model, context)
        return [self._permits[i] for i in reasons]

    def matching(self, actor: Actor, action: str, *, model: str | None = None, **context: Any) -> list[Written]:
        """The policies that decide a request together, in the order of the files; the first is the one named."""
        reasons, _ = self._ask(self._set, actor, action, model, context)
        return [self.policies[i] for i in reasons]

    def who_may(self, action: str, *, model: str | None = None, **context: Any) -> list[str]:
        """Ids of the people whom policy lets do `action` by their own right."""
        return [p.id for p in tuple(self.people) if self.may(p, action, model=model, **context).ok]

    def _ask(
        self, policies: Any, actor: Actor, action: str, model: str | None, context: dict[str, Any]
    ) -> tuple[list[int], list[str]]:
        """Places of the policies that decided, in their order, and errors."""
        said = (context.get("inputs") or {}).get("environment")
        full = {"environment": said or self.environment, **_EMPTY, **context}
        full["delegators"] = sorted(full["delegators"])
        full["inputs"] = schema.plain(context.get("inputs") or {}, self._kinds.get(action))
        request = {
            "principal": {"type": "Actor", "id": actor.id},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Model", "id": model or "*"},
            "context": full,
        }
        try:
            found = cedarpy.is_authorized(request, policies, self._entities_with(actor)).diagnostics
        except ValueError as exc:  # an id that is no text
            return [], [str(exc)]
        return sorted(int(reason.removeprefix("policy")) for reason in found.reasons), list(found.errors)

    def _entities_with(self, actor: Actor) -> Any:
        """The roles and actions with this actor, kept for as long as its roles stay as they are."""
        roles = actor.roles if actor.kind == "person" else (actor.kind,)
        key = (actor.id, roles)
        known = self._entities.get(key)  # asked from several threads: what is found may be gone a moment later
        if known is None:
            if len(self._entities) >= _KEPT_ACTORS:
                self._entities.clear()
            entity = _entity("Actor", actor.id, parents=[("Role", role) for role in roles])
            entity["attrs"] = {"id": actor.id}
            known = self._entities[key] = self._static.with_added_json_str(json.dumps([entity]))
        return known


def _parsed(policies: list[Written]) -> Any:
    return cedarpy.PolicySet.from_str("\n".join(policy.text for policy in policies))


def _decision(deciding: list[Written], actor: Actor) -> Allowed:
    if not deciding:
        return Allowed(ok=False, rule="default", why=f"no rule permits it to {_roles(actor)}")
    first = deciding[0]
    return Allowed(ok=first.effect == "permit", rule=first.id, why=first.why, source=first.source)


def _roles(actor: Actor) -> str:
    return f"the role {' or '.join(actor.roles)}" if actor.roles else "someone without a role"


def _role_entities() -> list[dict[str, Any]]:
    return [_entity("Role", name, parents=[("Role", p) for p in PARENTS.get(name, ())]) for name in sorted(ROLES)]


def _action_entities(actions: Mapping[str, str], safety: Collection[str]) -> list[dict[str, Any]]:
    found = [_entity("Action", group) for group in ("read", "control", "change", schema.SAFETY)]
    for name, risk in sorted(actions.items()):
        groups = [risk, schema.SAFETY] if name in safety else [risk]
        found.append(_entity("Action", name, parents=[("Action", group) for group in groups]))
    return found


def _entity(kind: str, name: str, parents: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": [{"type": k, "id": n} for k, n in parents]}
