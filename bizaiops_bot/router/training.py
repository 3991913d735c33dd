"""What the classifier learns: the intents' examples with stand-ins for values, and the look-alikes of each."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import STAND_INS, plainly
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.slots.names import FAULTS

_SLOT = re.compile(r"\{(\w+)\}")
# Slot names an example may use although its playbook has no such blank.
_ANYWHERE = {
    "model": "model",
    "version": "version",
    "kpi": "kpi",
    "run": "run",
    "schedule": "schedule",
    "alert": "alert",
    "window": "window",
    "percent": "percent",
    "person": "person",
}


def pairs(intents: list[Intent], specs: dict[str, PlaybookSpec]) -> list[tuple[str, str]]:
    """(text, intent) in a fixed order; look-alikes that are nothing the bot does are learned as "none"."""
    known = {intent.name for intent in intents}
    found: dict[str, str] = {}
    for intent in intents:
        kinds = _ANYWHERE | ({slot.name: slot.kind for slot in specs[intent.playbook].slots} if intent.playbook else {})
        for i, example in enumerate(intent.examples):
            found[filled(example, kinds, i, intent.name)] = intent.name
        for phrase, other in intent.must_not.items():
            if other == NONE or other in known:
                found.setdefault(filled(phrase, kinds, 0, intent.name), other)
    return sorted(found.items())


_SLOT_KINDS = _ANYWHERE | {
    **{"replicas": "replicas", "cron": "cron", "time_zone": "time_zone", "fault": "fault"},
    **{"version_a": "version", "version_b": "version", "canary": "percent", "strategy": "strategy"},
    **{"to": "person", "until": "until", "during": "period", "at": "moment", "reminder": "reminder", "who": "reminded"},
    **dict.fromkeys(("reason", "topic", "since", "what"), "text"),
}


def absent(intents: list[Intent]) -> list[tuple[str, str]]:
    """The examples of intents whose playbook is not installed, as "none": what is asked for there is not done here."""
    return [
        (filled(example, _SLOT_KINDS, i, intent.name), NONE)
        for intent in intents
        for i, example in enumerate(intent.examples)
        if set(_SLOT.findall(example)) <= _SLOT_KINDS.keys()
    ]


def filled(example: str, kinds: dict[str, str], index: int, where: str) -> str:
    """The example as the classifier sees it; faults keep their names, since those tell much."""

    def stand_in(m: re.Match[str]) -> str:
        if m[1] not in kinds:
            raise ValueError(f"intent {where}: example {example!r} has {{{m[1]}}}, which is no slot of the playbook")
        if kinds[m[1]] == "fault":
            return list(FAULTS)[index % len(FAULTS)].replace("_", " ")
        return STAND_INS[kinds[m[1]]]

    return moods.bare(plainly(_SLOT.sub(stand_in, example).lower()))


def vocabulary(intents: list[Intent]) -> frozenset[str]:
    """Words that the intents use, so that they are not taken for a misspelt name."""
    texts = [
        text
        for intent in intents
        for text in (*intent.examples, *intent.must_not, *intent.formats, intent.title, intent.help)
    ]
    return frozenset(word for text in texts for word in re.findall(r"[a-z][a-z_-]+", text.lower())) | _COMMON


_COMMON = frozenset(
    re.findall(
        r"\S+",
        "about above across actually after again against ahead almost alone along already also although "
        "always among another anybody anyone anything anyway "
        "around away back because been before begin behind being below best better between both bring "
        "build bunch business came cannot care carefully case "
        "change check clear come could couple current currently customer data date days deal detail done "
        "down each earlier early either else enough even "
        "ever every everybody everyone everything exactly fact fast feel figure figures find fine first "
        "five following four from full further gave general "
        "give going good great guys half hand happen happened happening happy hard have having hello "
        "here high hold hope hour hours however idea immediately "
        "into just keep kind kindly know last late lately later latest least leave left less like likely "
        "little live load long longer look looking lots made "
        "main make making many maybe mean means might mind minute minutes moment monday month months "
        "more morning most move much must near need needs never "
        "next nice nine nobody none nothing noticed number numbers often once only open order other "
        "others otherwise ought over overall part past people "
        "percent perhaps place plain please point possible pretty previous probably problem progress "
        "properly pull push put question quick quickly quite "
        "rather ready real really recent recently regarding request rest result results right same seem "
        "seems seen send service several shall should side "
        "since single slow slowly small some somebody someone something soon sorry sort still stuff such "
        "sure system take taking talk team tell than thank "
        "thanks that their them then there these they thing things think this those though through till "
        "time times today together told tomorrow tonight "
        "total toward tried tuesday turn under until update upon urgent used user users using usual "
        "version very wait want wants watch week weeks well went "
        "were what whatever when where whether which while whole whom whose will wish with within "
        "without wonder work working world would wrong year years "
        "yesterday your yours wednesday thursday friday saturday sunday january february march april "
        "june july august september october november december "
        "berlin london paris tokyo york noon midnight traffic canary model models forecast classifier "
        "prediction predictions",
    )
)
