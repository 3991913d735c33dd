"""Cries to take traffic away from a model or a version ("kill the canary", "pull the plug on churn"): said in many
words, and never to be answered with a refusal or with a release.
"""

from __future__ import annotations

import re
from typing import Literal

from bizaiops_bot.domain.routing import OpenRun
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing

Wish = Literal["canary", "away", "pause"]
SAFE = frozenset({"roll_back_model", "pause_model", "cancel_run", "reject_run", "freeze_deploys"})
"""Playbooks that only take traffic away or stop something."""
_STOPS = (
    r"(?:stop|halt|end|terminate|block|isolate|quarantine|pause|suspend|cut(?: off)?|pull(?: the plug on)?|yank|remove|"
    r"withdraw|get rid of|ditch|dump|scrap|retire|disable|deactivate|axe|nuke|nix|kick|kill|evict|unship|undeploy|drop|"
    r"abort|cancel|undo|revert|roll ?back|decommission)"
)
_PUTS = r"(?:take|turn|switch|shut|get|bring|pull|kick)"
_OUT = r"(?:off|down|out(?! there| to)|offline|away)"
_END = r"(?=\s*(?:[,.;:!-]|$|(?:of|for|on|in|from|now|and|please|pls|asap|immediately|right|at once)\b))"
_OPENS = r"(?:^|[,.;:!?]\s*|\b(?:please|pls|plz|and|then|now|just|can you|could you|let'?s|asap|someone)\s+)"
_MODEL = r"@(?:'s)?"
_THE = rf"(?: (?:the|that|this|our|my|bad|new|current|running|{_MODEL}))*"
_CANARY = re.compile(
    rf"{_OPENS}{_STOPS}{_THE} (?:canary|rollout|roll-out)(?: {_OUT})?{_END}(?! of \d)|"
    rf"{_OPENS}{_PUTS}(?: {_OUT}{_THE} (?:canary|rollout){_END}|{_THE} (?:canary|rollout) {_OUT}\b)|"
    rf"{_OPENS}(?:stop|halt|abort|cancel|quit|end){_THE} "
    rf"(?:deploying|releasing|shipping|promoting|(?:deploy|deployment|release){_END})|"
    rf"{_OPENS}(?:abort|cancel|stop) (?:the )?{_MODEL} v?[\d.]+ (?:canary|rollout|deploy\w*|release)\b|"
    r"\bcanary\b.*[,;.!] ?(?:please )?(?:kill|stop|abort|end|drop|cancel) it\b"
)
_AWAY = re.compile(
    rf"{_OPENS}(?:{_STOPS}\b|{_PUTS} (?:[^ ]+ ){{0,4}}{_OUT}\b)|"
    r"\b(?:must|has to|needs to|should) (?:die|stop|go(?! live| out| up| to)|be stopped)\b|"
    r"\b(?:out of|off) (?:rotation|production|traffic|service)\b|\bno (?:more )?(?:traffic|requests)\b|"
    r"\bmake .{1,20} stop\b"
)
_PAUSE = re.compile(
    rf"{_OPENS}(?:(?:pause|suspend|stop|halt|disable|deactivate|pull the plug on|shut down|shut off|turn off|"
    rf"switch off|take down|cut off|unplug) (?:the )?{_MODEL}(?: (?:off|down|serving|now|immediately|right now|asap))*|"
    rf"(?:turn|switch|shut|take) (?:the )?{_MODEL} (?:off|down|offline)(?: now| immediately| right now)*|"
    rf"(?:stop|cut|kill|halt|no)(?: all| any| more| sending| the)* (?:traffic|requests) (?:to|for|from) "
    rf"(?:the )?{_MODEL})"
    r"(?= ?[,.;:!-]|\s*$)"
)
_NORMAL = re.compile(
    rf"[,.;:!] ?(?:please )?(?:get|put|bring|make|turn) (?:the )?{_MODEL} (?:back )?(?:to )?"
    r"(?:normal|what it was|how it was)\b"
)
_THIS = r"(?:it|that|this|everything|all of (?:it|this)|the (?:thing|model|service|whole thing)|this thing|that thing)"
_CRY = re.compile(
    rf"(?:(?:please|pls|plz|no|omg|help|quick|quickly|hurry|urgent|emergency|now|just|ok|hey|wait|someone|somebody|"
    rf"can you|"
    rf"could you|can someone|for \w+'s sake)[,.! ]+)*"
    rf"(?:(?:turn|switch|shut|take|bring|pull|get|put) {_THIS} (?:off|down|offline|out|away)|"
    rf"(?:turn|switch|shut|take) (?:off|down|offline) {_THIS}|(?:kill|stop|halt|end|abort|terminate|nuke|pull|yank|"
    rf"freeze) {_THIS}|"
    rf"make (?:it|that|this) (?:all )?(?:stop|go away)|pull the plug|shut ?down|emergency stop|stop|abort|kill|"
    rf"stop the bleeding|get rid of {_THIS}|{_THIS} (?:must|has to|needs to) (?:stop|go|die))"
    r"(?:[ ,]*(?:now|immediately|right now|right away|asap|already|please|pls|at once|quickly|fast|for now|"
    r"i said))*[.! ]*"
)
_OTHER = re.compile(
    r"\b(?:(?:re)?train|schedul|digest|report|alert|alarm|notif|mut(?:e|ing)|fault|drift|delegat|chart|freez)\w*"
)
_NOT_NOW = re.compile(r"\?\s*$|\b(?:if|unless|until|till|when|once|tomorrow|tonight|later|next (?:week|month))\b")


def read(hearing: Hearing) -> Wish | None:
    """What is cried for; None for all that is a question, told, denied, or for later."""
    text, sides = hearing.core, hearing.sides
    for mention in sorted(hearing.models, key=lambda m: -m.start):
        text = f"{text[: mention.start]}@{text[mention.end :]}"
    elsewhere = sides.goals and not set(sides.goals) <= set(hearing.catalogue.stable.values())
    if elsewhere or hearing.runs or _NOT_NOW.search(text) or moods.mood(text) != "order":
        return None
    if _CANARY.search(text):
        return "canary"
    if sides.goals or len({m.value for m in hearing.models}) != 1 or _OTHER.search(text.split(",")[0]):
        return None
    if _PAUSE.search(text):
        return "pause"
    blamed = {*sides.culprits, *sides.taken_back, *sides.unclear}
    return "away" if (len(blamed) == 1 and _AWAY.search(text)) or _NORMAL.search(text) else None


def cries(text: str) -> bool:
    """Whether lower-case `text` is a cry to stop "it" at once, whatever that is."""
    return bool(_CRY.fullmatch(text.strip()))


def is_of(run: OpenRun, hearing: Hearing) -> bool:
    """Whether a run is a release, of the model that is named if one is."""
    named = {str(m.value) for m in hearing.models}
    return run.title.startswith("Deploy ") and (not named or bool(named & set(run.title.split())))
