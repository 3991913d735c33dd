"""How a deed stands in a plan, and whether a run does what stands there: dry run, live run and replay share it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from bizaiops_bot.domain.cards import DiffLine
from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.foresight import EXTENDED
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import Outcome, Verdict
from bizaiops_bot.domain.plan import GateSpec, PlanStep
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.engine.execution.base import call_name

SHOWN = 200
_UNKNOWN = re.compile(r"<[^<>]+>")  # how a stand-in prints


def deed(
    kind: Literal["step", "undo"],
    name: str,
    do: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    changes: Iterable[DiffLine],
) -> PlanStep:
    """A call outside, done in its turn or to undo others."""
    return PlanStep(name=name, kind=kind, call=call_name(do), args=plan_words(args, kwargs), changes=tuple(changes))


def gate(
    number: int,
    question: str,
    *,
    quorum: int,
    role: str,
    people: Iterable[str],
    expires: str,
    escalate: Mapping[str, str] | None,
    undo: str,
    foresight: str = "",
) -> GateSpec:
    """The `number`-th approval of a playbook, counted from 1."""
    return GateSpec(
        name=f"approval {number}",
        question=question,
        quorum=quorum,
        role=role,
        people=tuple(people),
        expires=expires,
        escalate=tuple((escalate or {}).items()),
        undo=undo,
        foresight=foresight,
    )


def gate_step(spec: GateSpec) -> PlanStep:
    return PlanStep(name=spec.name, kind="gate", detail=spec.question)


ANSWER_WITHIN = "4h"
_ASKS = f"a person decides within {ANSWER_WITHIN}, else it goes back"


def judgement(
    service: ServiceRef,
    version: str,
    by: JudgeSpec | None,
    hold: str | None,
    share: int | None,
    stage: Stage | None = None,
) -> PlanStep:
    """Says too what is done when the hold does not bring enough evidence."""
    judge = by or JudgeSpec()
    own = f" ({own})" if (own := judge.spoken()) else ""
    of = "" if share is None else f"{share}% of "
    looked = f"on {of}live traffic for {hold or judge.hold}{own}"
    if stage is not None and stage.on_the_way:
        people = "" if stage.further is None else f" and people give it {stage.further}%"
        looked = f"{looked}; goes on when no harm is seen{people}"
    detail = f"{looked}; not enough evidence: {EXTENDED} times as long, then {_ASKS}"
    name = judgement_name(version, stage)
    return PlanStep(name=name, kind="judge", args=plan_words((service, version), {}), detail=detail)


def judgement_name(version: str, stage: Stage | None) -> str:
    return f"judge {version}" if stage is None else f"judge {version} at {stage.spoken()}"


def asks(step: PlanStep) -> bool:
    """Whether a judgement may be extended and ask a person: not in plans that were approved before it could."""
    return step.detail.endswith(_ASKS)


def is_held_longer(verdict: Verdict) -> bool:
    """Whether a longer hold may bring the evidence; what did not answer for so long is left to a person."""
    return is_open(verdict) and not verdict.away


def is_asked(stage: Stage | None, verdict: Verdict) -> bool:
    """Whether people decide on what comes next although no harm was seen."""
    return stage is not None and stage.further is not None and verdict.ok


def is_open(verdict: Verdict) -> bool:
    """Whether neither the evidence nor anybody has decided."""
    return verdict.outcome is Outcome.INCONCLUSIVE and not verdict.decided


def waiting(name: str, deadline: str) -> PlanStep:
    return PlanStep(name=name, kind="wait", detail=f"at most {deadline}")


def posting(title: str, conversation: str | None) -> PlanStep:
    return PlanStep(name=f"post {title}", kind="step", call="notify", args=(conversation or "here",))


def plan_words(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, ...]:
    """Arguments as a plan shows them. The run's own number is left out: a plan is made before the run has one."""
    named = tuple(f"{k}={_word(v)}" for k, v in kwargs.items() if k != "run")
    return tuple(_word(a) for a in args) + named


def _word(value: Any) -> str:
    """Long values are cut, with a digest of the whole, so that two that begin alike are still two."""
    text = str(value)
    if len(text) <= SHOWN or _UNKNOWN.search(text):
        return text[:SHOWN]
    return f"{text[: SHOWN - 30]}… (sha256 {hashlib.sha256(text.encode()).hexdigest()[:12]})"


def same_words(planned: Iterable[str], now: Iterable[str]) -> bool:
    """Whether a run does what was planned; what the plan could not know yet may be anything."""
    before, after = tuple(planned), tuple(now)
    return len(before) == len(after) and all(map(_fits, before, after))


def _fits(planned: str, now: str) -> bool:
    if planned == now or (planned.startswith("<") and planned.endswith(">")):
        return True
    known = _UNKNOWN.split(planned)
    return len(known) > 1 and re.fullmatch(".*".join(map(re.escape, known)), now, re.DOTALL) is not None


def require_planned(
    planned: PlanStep | None,
    number: int,
    name: str,
    kind: str,
    call: str,
    words: tuple[str, ...] | None,
    *,
    changes: Iterable[DiffLine] | None = None,
    detail: str | None = None,
    gate: tuple[GateSpec | None, GateSpec] | None = None,
) -> None:
    """Raises Conflict when run `number` is about to do something else than `planned`; None: the plan has ended.

    words: the arguments as the plan shows them; changes, detail: as in PlanStep; gate: (as planned, as asked for now).
    None for what is not compared.
    """
    found = difference(planned, name, kind, call, words, changes=changes, detail=detail, gate=gate)
    if found is not None:
        raise Conflict(
            f"Run {number} stopped at {kind} {name!r} ({', '.join(words or ())}).",
            f"{found}, and only what was approved is done.",
            "Ask for it again to get a new plan.",
        )


def difference(
    planned: PlanStep | None,
    name: str,
    kind: str,
    call: str,
    words: tuple[str, ...] | None,
    *,
    changes: Iterable[DiffLine] | None = None,
    detail: str | None = None,
    gate: tuple[GateSpec | None, GateSpec] | None = None,
) -> str | None:
    """What the plan has instead, in words; None when it is the same."""
    if planned is None:
        return "The approved plan has nothing more there"
    same_deed = (planned.kind, planned.call) == (kind, call) and _fits(planned.name, name)
    if not same_deed or (words is not None and not same_words(planned.args, words)):
        return f"The approved plan has {planned.kind} {planned.name!r} ({', '.join(planned.args)}) there"
    if detail is not None and not _fits(planned.detail, detail):
        return f"The approved plan says {planned.detail!r} there, not {detail!r}"
    if changes is not None:
        before, after = [_spoken(line) for line in planned.changes], [_spoken(line) for line in changes]
        if not same_words(before, after):
            return f"The approved plan changes {_listed(before)}, not {_listed(after)}"
    return None if gate is None else _other_gate(*gate)


def _other_gate(planned: GateSpec | None, now: GateSpec) -> str | None:
    """Which part of the approval is another one."""
    if planned is None:
        return "The approved plan has no such approval"
    for part in GateSpec.model_fields:
        before, after = getattr(planned, part), getattr(now, part)
        if part == "foresight":  # measured anew, so other numbers are the same promise
            continue
        if before != after and not (isinstance(before, str) and _fits(before, after)):
            return f"The approved plan has {part} {before!r} for {planned.name}, not {after!r}"
    return None


def _spoken(line: DiffLine) -> str:
    return f"{line.what}: {line.before} -> {line.after}"


def _listed(lines: list[str]) -> str:
    return "; ".join(lines) or "nothing"
