"""One of several open runs, told by its place or its words: "take the first one back", "keep the other", "only the
demand one".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from bizaiops_bot.domain.routing import Command, Decision, Memory, OpenRun, Question
from bizaiops_bot.router import light, short_words, utterance
from bizaiops_bot.router.at_hand.wishes import nearest_wish
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.short_words import Short
from bizaiops_bot.router.turn import Turn, bound

_ANSWERS = frozenset({"approve_run", "reject_run"})
_THING = r"(?:one|run|plan|request|thing|change)"
_FIRST, _LAST = "first|1st|earlier|earliest|older|oldest|former", "second|2nd|later|latest|newer|newest|latter|last"
_PLACED = re.compile(
    rf"\b(?:the |my |that )(?:(?P<first>{_FIRST})|(?P<last>{_LAST})|(?P<other>other))"
    rf"(?: {_THING}| of (?:them|the two))?\b"
)
_NAMED = re.compile(rf"\b(?:the |my |that |this )(?P<name>[a-z][\w-]+)(?: (?P<thing>{_THING}))?\b")
_DONE_BY = re.compile(r"(?:retrain|train|deploy|release|rollout|rollback|scal|canary)\w*")
"""What a run does, which names it without "one" behind: "the retraining"."""
_CLAUSE = re.compile(r"[,;.!]+\s*|\s+(?:and|but)\s+")
_KEEPS = re.compile(r"\b(?:keep|stick (?:to|with)|stay with|(?:only|just) (?:want|need|keep)?)\b")
_NOT = re.compile(r"^(?:but )?not (?:on |to |for )?it\b")
_ONLY_PICKS = re.compile(r"(?:(?:yes|yep|yeah|ok|okay|please|only|just|i mean|i meant|take|it)\b[\s,.!]*)+")
"""What may stand beside the run that answers "which one?": anything else ("the deploy is bad") picks nothing to do."""
_OPEN_ENDED = re.compile(
    r"\b(?:if|unless|until|till|when|once|tomorrow|tonight|later today|would|could|should|might)\b"
)


@dataclass(frozen=True)
class Picked:
    """The run that is meant, the clause that says so, and what is said of it with "it" in its place."""

    run: OpenRun
    clause: str
    said: str


def picked(text: str, open_: tuple[OpenRun, ...], memory: Memory | None) -> list[Picked]:
    """What each part of lower-case `text` says of one of `open_`; empty where any part may mean something else."""
    if len(text) > short_words.LONGEST or text.rstrip().endswith("?") or _OPEN_ENDED.search(text):
        return []
    found: list[Picked] = []
    for clause in filter(None, (part.strip() for part in _CLAUSE.split(text))):
        told = found[-1].run.number if found else _told(memory)
        one = _one(clause, open_, told)
        if one is None and not light.is_light(clause):
            return []
        found += [one] if one else []
    return found if not utterance.asks(text) else []


def _told(memory: Memory | None) -> int | None:
    said = memory.last.inputs.get("run") if memory and memory.last else None
    return said or (memory.run if memory else None)


def _one(clause: str, open_: tuple[OpenRun, ...], told: int | None) -> Picked | None:
    placed = _PLACED.search(clause)
    if placed and len(open_) > 1:
        by_age = sorted(open_, key=lambda run: run.number)
        rest = [run for run in by_age if run.number != told]
        other = rest[0] if len(rest) == 1 else None
        run = by_age[0] if placed["first"] else by_age[-1] if placed["last"] and len(open_) == 2 else other
        newest = placed["last"] not in {None, "second", "2nd"}
        run = by_age[-1] if newest else by_age[1] if placed["last"] else run
        return Picked(run, clause, _with_it(clause, placed)) if run else None
    for m in _NAMED.finditer(clause):
        if not m["thing"] and not _DONE_BY.fullmatch(m["name"]):
            continue
        having = [run for run in open_ if _is_of(m["name"], run)]
        if len(having) == 1:
            return Picked(having[0], clause, _with_it(clause, m))
    return None


def _is_of(name: str, run: OpenRun) -> bool:
    words = re.findall(r"[a-z][\w-]+", run.title.lower())
    return any(name == word or (len(word) > 4 and name.startswith(word[:-1])) for word in words)


def _with_it(clause: str, m: re.Match[str]) -> str:
    return f"{clause[: m.start()]}it{clause[m.end() :]}"


def wish(said: str) -> Short | Literal["keep"] | None:
    """What is wished for "it"; "keep" where the others are to go; None where the words alone do not tell."""
    if _NOT.match(said):
        return Short("cancel", sure=False)
    if _KEEPS.search(said) and light.is_light(_KEEPS.sub("", said)):
        return "keep"
    return short_words.read(said)


@dataclass(frozen=True)
class Picking:
    """Always asked back: which run is meant is read from few words."""

    parts: Parts
    finishing: Finishing

    def decide(self, turn: Turn) -> Decision | None:
        """A question with a button for each run that something is wished for; the run itself where it is only picked;
        None where no open run is picked.
        """
        open_ = turn.hearing.catalogue.open_runs or ()
        found = picked(turn.hearing.core, open_, turn.memory)
        told = [(one, wish(one.said) or self._by_meaning(one.said)) for one in found]
        if not told or not all(said or light.is_light(one.said) for one, said in told):
            return None
        core = turn.hearing.core
        turn = replace(turn.noting(stage="open"), hearing=Hearing("", turn.hearing.catalogue))
        wishes = [(one.run, said) for one, said in told if isinstance(said, Short)]
        kept = [one.run for one, said in told if said == "keep"]
        wishes = wishes or [pair for run in kept for pair in _instead_of(run, open_)]
        if not wishes:
            return self._alone(turn, told[-1][0], core)
        offers = [(short_words.playbook_for(short, run), run) for run, short in wishes]
        offers = [(p, run) for p, run in offers if run.waiting or p not in _ANSWERS]
        if not offers:
            return self._alone(turn, told[-1][0], core)
        choices = tuple(self.finishing.offer(turn, self.parts.by_playbook[p], {"run": run.number}) for p, run in offers)
        named = " and ".join(f"{p.removesuffix('_run')} run {run.number} ({run.title})" for p, run in offers)
        pending = Command(playbook=offers[0][0], inputs={})
        return Question(
            text=f"{named[0].upper()}{named[1:]}?", slot="playbook", choices=choices, pending=pending, heard=turn.heard
        )

    def _by_meaning(self, said: str) -> Short | None:
        near = self.parts.aspects.near(said)
        wished = nearest_wish(near, said)
        return Short(wished, sure=False) if wished else None

    def _alone(self, turn: Turn, one: Picked, core: str) -> Decision | None:
        """A run that is picked: the choice that was offered for it where `core` says nothing more, else its card."""
        run, pending = one.run, turn.memory.pending if turn.memory else None
        offered = [
            choice
            for choice in (pending.choices if pending else ())
            if (bound(choice.bind) or {}).get("run") == run.number
        ]
        answers = len(offered) == 1 and bool(_ONLY_PICKS.fullmatch(core.replace(one.clause, one.said, 1)))
        playbook = offered[0].bind["playbook"] if answers else "show_run"
        intent = self.parts.by_playbook.get(playbook)
        return self.finishing.finish(turn, intent, sure=True, given={"run": run.number}) if intent else None


def _instead_of(kept: OpenRun, open_: tuple[OpenRun, ...]) -> list[tuple[OpenRun, Short]]:
    """What keeping one run asks for: the own other one is withdrawn, somebody else's is left and this one approved."""
    rest = [run for run in open_ if run.number != kept.number]
    if len(rest) == 1 and rest[0].mine:
        return [(rest[0], Short("cancel", sure=False))]
    return [(kept, Short("approve", sure=False))] if kept.waiting and not kept.mine else []
