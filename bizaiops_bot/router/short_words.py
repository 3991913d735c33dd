"""Short words about what is under way ("approve it", "go ahead", "stop"): what they can mean is looked up, and is one
thing, several, or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bizaiops_bot.domain.routing import Memory, OpenRun
from bizaiops_bot.router import utterance
from bizaiops_bot.router.followup import YES

Wish = Literal["approve", "reject", "cancel"]
_THING = r"(?:run|plan|deploy|deployment|release|rollout|rollback|change|request)"
_IT = rf"(?: (?:it|that|this|that one|this one|the last one|(?:the|that|this|my) {_THING}))"
_POLITE = (
    r"(?:(?:please|pls|plz|ok|okay|yes|yeah|yep|alright|right|well|so|then|just|no|sure|ja|oui|s[íi]|i|we|let'?s|hey|"
    r"oh|wait|actually|sorry|hm+|on second thoughts?)"
    r"[,!.]? )*"
)
_END = (
    r"(?:[ ,]*(?:please|pls|plz|now|then|thanks|thank you|thx|asap|from me|by me|with me|everyone|for now|for today|"
    r"after all|i guess))*[.! ]*"
)


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"^{_POLITE}(?:{words}){_END}$")


_SURE: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    ("approve", _whole(rf"(?:approve|approved|accept|sign off(?: on)?|confirm){_IT}?")),
    (
        "reject",
        _whole(rf"(?:reject|rejected|deny|veto|decline|disapprove|refuse|turn down|(?:don'?t|do not) approve){_IT}?"),
    ),
    ("cancel", _whole(rf"(?:cancel|abort|call off|withdraw){_IT}?|call it off")),
)
_VAGUE: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    (
        "approve",
        _whole(
            rf"(?:go(?: for it| on| ahead)?|(?:go ahead and )?do{_IT}|ship{_IT}|proceed(?: with (?:it|that|this))?|"
            rf"make it so|launch{_IT}|green light|let{_IT} (?:go|run|through)|carry on|continue|"
            rf"(?:sounds|looks|all) good(?: to me)?|lgtm|roll it out|push it(?: out| through)?|run it|start it|"
            rf"it(?:'?s| is) (?:fine|ok|okay|good)|fine(?: by me)?|(?:{YES}|my ok|go ahead|go on) (?:to|for|on|"
            rf"with){_IT}|"
            r"approve (?:both|all|all of them|them|the (?:first|second|last|other)|the \w+ one)|"
            r"los|mach(?:'?s| das)?|weiter|passt|vas-y|allez-y|d'accord|adelante|hazlo|dale|oui|s[íi]|"
            rf"good to go|you may|permission granted|go go go|{YES})"
        ),
    ),
    (
        "cancel",
        _whole(
            rf"(?:stop|halt|kill|scrap|drop|discard|end|terminate|scratch|forget|skip|leave)(?:{_IT})?|never ?mind|"
            rf"(?:forget about|never mind|get rid of|undo|no to|no for|no on|veto on|veto for|pull|bury){_IT}|"
            rf"leave{_IT} out|"
            r"nvm|wait(?: a (?:minute|moment|sec(?:ond)?))?|not (?:ok|okay|good|happy)|nein|non|stopp|"
            r"(?:cancel|abort|reject|stop) (?:both|all|all of them|them|the \w+ one)|"
            r"lass (?:es|das)|laisse tomber|déjalo|"
            r"no|nope|nah|don'?t(?: do (?:it|that))?|do not|not (?:now|that|this|yet)|hold on|no go|"
            r"(?:i )?changed my mind|let it be|take (?:it|that|this) back|i take (?:it|that|this) back|withdraw|"
            r"no need(?: any ?more| for (?:it|that))?|not needed(?: any ?more)?|don'?t bother|let'?s not|"
            r"on second thoughts?,? no"
        ),
    ),
)
_WITHDRAWS = _whole(
    rf"(?:stop|halt|kill|abort|cancel|scrap|drop|discard|scratch|forget|skip|leave|withdraw)(?:{_IT})?|never ?mind|nvm|"
    rf"forget about (?:it|that)|let it be|(?:i )?take{_IT} back|no need(?: any ?more| for (?:it|that))?|not needed"
    r"(?: any ?more)?|don'?t bother|let'?s not|(?:i )?changed my mind|on second thoughts?,? no|don'?t(?: do (?:it|"
    r"that))?|"
    r"do not(?: do (?:it|that))?|not now"
)
_BEHIND = re.compile(r"[,;.]\s+|\s+-+\s+|\s+(?:because|since|as|cause|for now|until|till)\s+")
_NO_BEFORE = re.compile(r"(?:(?:oh|ok|okay|well|so|but|hm+|sorry|wait)[,!. ]+)*no (?!no\b)")
""" "No veto from me", "no go": the opposite of what stands behind it."""
LONGEST = 80
"""Characters of the words that this reads."""


@dataclass(frozen=True)
class Short:
    """What is wished; sure: said so plainly that one thing it can mean is what is meant."""

    wish: Wish
    sure: bool


def read(text: str) -> Short | None:
    """Of lower-case `text` without its reason; None when it is more than that."""
    said = " ".join(text.split())
    if len(said) > LONGEST:
        return None
    if _takes_back_with_a_reason(said):
        return Short("cancel", False)
    for sure, known in ((True, _SURE), (False, _VAGUE)):
        for wish, pattern in known:
            if pattern.match(said) and (wish == "cancel" or not _NO_BEFORE.match(said)):
                return Short(wish, sure)
    return None


def withdraws(text: str) -> bool:
    """Whether who asked for something takes it back with lower-case `text`: no more than that is meant then."""
    said = " ".join(text.split())
    return bool(_WITHDRAWS.match(said)) or _takes_back_with_a_reason(said)


def _takes_back_with_a_reason(said: str) -> bool:
    """ "Scrap it, the data is not ready": behind it stands why, and no request of its own."""
    parts = _BEHIND.split(said, maxsplit=1)
    return len(parts) > 1 and bool(_WITHDRAWS.match(parts[0])) and not utterance.begins(parts[1].strip())


def meant(short: Short, open_: tuple[OpenRun, ...], memory: Memory | None) -> tuple[OpenRun, ...]:
    """The runs that it can be about. Nobody approves his own where another waits; who has just spoken of a run, or
    asked for one and takes it back, means that.
    """
    fit = tuple(run for run in open_ if run.waiting or short.wish == "cancel")
    if short.wish != "cancel":
        fit = tuple(run for run in fit if not run.mine) or fit
    told = memory.last.inputs.get("run") if memory and memory.last else None
    pointed = {told} if short.wish != "cancel" or told else {memory.run if memory else None}
    return tuple(run for run in fit if run.number in pointed) or fit


def plain(short: Short, found: tuple[OpenRun, ...], memory: Memory | None) -> bool:
    """Whether it is done without asking: one run is meant, and nothing points to one that is over meanwhile."""
    if not short.sure or len(found) != 1:
        return False
    told = memory.last.inputs.get("run") if memory and memory.last else None
    return told == found[0].number or (told is None and not found[0].aside)


def playbook_for(short: Short, run: OpenRun) -> str:
    """What is done with `run`: "stop" rejects what waits for others and takes back one's own, or what is at work."""
    if short.wish == "cancel" and not short.sure and run.waiting and not run.mine:
        return "reject_run"
    return f"{short.wish}_run"
