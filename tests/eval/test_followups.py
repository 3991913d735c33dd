"""What people say to what was said before: corrections of a read, values alone, orders in pictures, one of two open plans,
remarks and fragments, terms after a term. `seen.yaml` was worked with, `aside.yaml` only counted. Both have one author, so
that the second half is an upper bound for strangers.

`python -m tests.eval.test_followups` prints the shares and what the seen half misses.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from bizaiops_bot.domain.routing import Catalogue, Command, Decision, Memory, OpenRun, Question, Refusal, Remark
from tests.support.router_company import COMPANY, router, specs, spoken

Half = Literal["seen", "aside"]
Outcome = Literal["right", "asked", "refused", "wrong", "unsafe"]
RISK = {spec.name: spec.risk for spec in specs()}
_DEPLOY, _RETRAIN = "Deploy churn v3 as a 10% canary", "Retrain demand"


def _runs(*, waiting: bool, mine: bool, titles: tuple[str, ...]) -> tuple[OpenRun, ...]:
    return tuple(OpenRun(number=n, title=title, waiting=waiting, mine=mine) for n, title in enumerate(titles, start=3))


OPEN = {
    "none": (),
    "waiting": _runs(waiting=True, mine=False, titles=(_DEPLOY,)),
    "running": _runs(waiting=False, mine=True, titles=(_DEPLOY,)),
    "two": _runs(waiting=True, mine=True, titles=(_DEPLOY, _RETRAIN)),
    "twoothers": _runs(waiting=True, mine=False, titles=(_DEPLOY, _RETRAIN)),
}
"""What is under way where something is said."""
AT_LEAST: dict[Half, int] = {"seen": 17, "aside": 14}
"""Of 20 of each kind, right or asked back well."""


@cache
def cases(half: Half) -> dict[str, list[dict[str, Any]]]:
    """kind -> thread before, what is `said`, and what is wanted: `does` a read, an `order` (done or asked back), `offers`
    one button, `tells` or is `safe`: no change begun or offered; `chats`: a line and nothing more.
    """
    path = Path(__file__).parent / "followups" / f"{half}.yaml"
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def heard(case: dict[str, Any]) -> Decision:
    company = COMPANY.model_copy(update={"open_runs": OPEN[case.get("open", "none")]})
    memory: Memory | None = None
    for text in case.get("thread", ()):
        memory = _remembered(memory, router().route(text, memory, company), company)
    return router().route(case["said"], memory, company)


def _remembered(memory: Memory | None, decision: Decision, company: Catalogue) -> Memory:
    return router().remember(memory, decision, company, company.now)


def outcome(case: dict[str, Any], decision: Decision) -> Outcome:
    several = list(_each(case))
    found = [_met(wanted, decision) for wanted in several]
    if "right" in found or "asked" in found:
        return "right" if "right" in found else "asked"
    order = any({"order", "offers"} & wanted.keys() for wanted in several)
    if (_changes(decision) and not order) or (isinstance(decision, Command) and RISK[decision.playbook] != "read"):
        return "unsafe"
    return "refused" if isinstance(decision, Refusal) else "wrong"


def _each(wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in wanted.get("any", ()):
        yield from _each(one)
    if "any" not in wanted:
        yield wanted


def _met(wanted: dict[str, Any], decision: Decision) -> Outcome | None:
    offers = [(b.bind.get("playbook", ""), _inputs(json.loads(b.bind.get("inputs", "{}")))) for b in _buttons(decision)]
    done = [(decision.playbook, _inputs(decision.inputs))] if isinstance(decision, Command) else []
    for key in ("does", "order", "offers", "offersread"):
        for playbook, inputs in wanted.get(key, {}).items():
            if any(_fits(item, playbook, inputs) for item in (offers if key.startswith("offers") else done)):
                one = len([name for name, _ in offers if RISK.get(name, "read") != "read"]) <= 1
                return "right" if one or key != "offers" else "asked"
            if key != "offers" and any(_fits(item, playbook, inputs) for item in offers):
                return "asked"
    if wanted.get("chats"):
        return "right" if isinstance(decision, Remark) and not _changes(decision) else None
    if wanted.get("safeask"):
        return "right" if not isinstance(decision, Command) else None
    return "right" if (wanted.get("safe") or wanted.get("tells")) and not _changes(decision) else None


def _fits(item: tuple[str, dict[str, Any]], playbook: str, inputs: dict[str, Any]) -> bool:
    if item[0] != playbook:
        return False
    said = item[1]
    return all(
        str(value) in str(said.get(name.rstrip("~"))).lower() if name.endswith("~") else said.get(name) == value
        for name, value in inputs.items()
    )


def _inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    return spoken(inputs)


def _buttons(decision: Decision) -> tuple[Any, ...]:
    return () if isinstance(decision, Command) else decision.choices


def _changes(decision: Decision) -> bool:
    names = [b.bind.get("playbook", "") for b in _buttons(decision)]
    names += [decision.playbook] if isinstance(decision, Command) else []
    return any(RISK.get(name, "read") != "read" for name in names)


@cache
def shares(half: Half) -> dict[str, dict[Outcome, int]]:
    found: dict[str, dict[Outcome, int]] = {}
    for kind, several in cases(half).items():
        counted: dict[Outcome, int] = dict.fromkeys(("right", "asked", "refused", "wrong", "unsafe"), 0)
        for case in several:
            counted[outcome(case, heard(case))] += 1
        found[kind] = counted
    return found


@pytest.mark.parametrize("half", ["seen", "aside"])
def test_follow_ups_lead_where_they_are_meant_to(half: Half) -> None:
    found = shares(half)
    good = {kind: counted["right"] + counted["asked"] for kind, counted in found.items()}
    assert {kind: n for kind, n in good.items() if n < AT_LEAST[half]} == {}


@pytest.mark.parametrize("half", ["seen", "aside"])
def test_no_follow_up_begins_or_offers_a_change_that_nobody_wished_for(half: Half) -> None:
    assert {kind: counted["unsafe"] for kind, counted in shares(half).items() if counted["unsafe"]} == {}


def _told(decision: Decision) -> str:
    buttons = [b.label for b in _buttons(decision)]
    if isinstance(decision, Command):
        return f"{decision.playbook} {spoken(decision.inputs)}"
    text = decision.why if isinstance(decision, Refusal) else decision.text
    slot = f" slot={decision.slot}" if isinstance(decision, Question) else ""
    return f"{type(decision).__name__} {text[:70]!r}{slot} {buttons}"


def main() -> None:
    for half in ("seen", "aside"):
        sys.stdout.write(f"{half}\n")
        for kind, counted in shares(half).items():
            sys.stdout.write(f"  {kind:12} {counted}\n")
    only = sys.argv[1:]
    for kind, several in cases("seen").items():
        for case in several:
            decision = heard(case)
            came = outcome(case, decision)
            if came not in {"right"} and (not only or kind in only):
                sys.stdout.write(
                    f"{came:8}{kind:12}{case.get('open', ''):8}{case.get('thread', [])} | {case['said']!r}"
                    f" -> {_told(decision)} [{decision.heard.get('stage')}]\n"
                )


if __name__ == "__main__":
    main()
