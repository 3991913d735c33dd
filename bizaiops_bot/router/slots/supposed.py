"""What somebody only supposes ("what would happen if I deployed churn v8"): the deed, to be shown as a dry run."""

from __future__ import annotations

import re

_WHAT_IF = re.compile(
    r"^\s*(?:(?:so|and|ok|hey|hi|but|just curious|out of curiosity|hypothetically|tell me|show me|explain|please|"
    r"(?:can|could) you (?:please )?(?:tell|show) (?:me|us))[,:]? )*"
    r"what(?:'d| would| will|'ll| might| does)? ?(?:happens?|change|break|be changed|you do|that do|the plan be|"
    r"it look like)? "
    r"(?:if|when|were) (?:i|we|you|someone|one)(?:'d| would| were to| was to| should)? (?:just )?(?P<deed>\w.*)$|"
    r"^\s*(?:so |and )?(?:what|how) would (?:an? |the |it )?(?P<noun>\w+ing\b.*?|(?:roll ?back|retraining|release|"
    r"deploy(?:ment)?) "
    r"of .*?) (?:do|change|look like|mean|affect)(?: exactly)?[?.!\s]*$|"
    r"^\s*(?:show|tell) me what (?P<shown>\w+ing .*?) would (?:do|change|mean)[?.!\s]*$",
    re.IGNORECASE,
)
_DEEDS = {
    "deploy": r"deploy(?:ed|ing|ment of)?",
    "roll back": r"roll(?:ed|ing)? ?back(?: of)?",
    "pause": r"paus(?:ed|e|ing)",
    "resume": r"resum(?:ed|e|ing)",
    "retrain": r"(?:re)?train(?:ed|ing)?(?: of)?",
    "scale": r"scal(?:ed|e|ing)",
    "release": r"releas(?:ed|e|ing)(?: of)?",
    "ship": r"ship(?:ped|ping)?",
    "freeze": r"(?:froze|freez(?:e|ing))",
    "put": r"put(?:ting)?",
    "roll": r"roll(?:ed|ing)?",
    "revert": r"revert(?:ed|ing)?",
    "promote": r"promot(?:ed|e|ing)",
    "cancel": r"cancel(?:led|ed|ling|ing)?",
    "switch": r"switch(?:ed|ing)?",
    "approve": r"approv(?:ed|e|ing)",
}
_DEED = re.compile("|".join(rf"(?P<{name.replace(' ', '_')}>{said})" for name, said in _DEEDS.items()), re.IGNORECASE)


def deed(text: str) -> str:
    """What "what would happen if I deployed churn v8" supposes, as an order; "" for all that supposes no deed."""
    m = _WHAT_IF.match(text)
    said = next((part for part in m.groups() if part), "") if m else ""
    done = _DEED.match(said)
    if done is None or (done.end() < len(said) and said[done.end()].isalnum()):
        return ""
    rest = said[done.end() :].rstrip(" ?.!")
    return f"{str(done.lastgroup).replace('_', ' ')}{rest}"
