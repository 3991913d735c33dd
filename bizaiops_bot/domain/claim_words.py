"""Words that claims are made of, as patterns and sets: directions, orders, and what is no name."""

from __future__ import annotations

import re


def _any(words: str) -> str:
    """A pattern of any of the words, longest first, so that none hides another."""
    return "|".join(sorted((re.escape(word).replace("_", r"\s") for word in words.split()), key=len, reverse=True))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


VERBS = _any("""
    approve reject deploy redeploy release promote rollback roll-back roll_back revert pause resume scale retrain
    cancel freeze unfreeze delegate inject clear stop start restart delete remove disable enable grant schedule
    send click press type say ignore disregard forget override bypass run execute confirm accept allow set shift
    switch undo rotate open visit call contact ask tell reply write post share forward copy paste install upgrade
    downgrade kill
""")
LEADS = _any("""
    please should must to can could may might shall now then and or you just immediately urgently say type not
    never don't always so thus hence therefore kindly let's us we i will would need
""")
ORDER = re.compile(rf"(?:^[\"'(]?|[,;:(\"'-]\s*|(?<!\w)(?:{LEADS})\s+)(?:{VERBS}|roll\s+\S+\s+back)(?![\w-])", re.I)
ADDRESS = re.compile(
    r"(?<!\w)(?:system prompt|instructions?|as an ai|you|your|yours|password|token|api key|secret)(?!\w)", re.I
)
FIRST_PERSON = re.compile(r"(?<!\w)(?:i|we|me|us|my|our|ours|myself|ourselves)(?!\w)", re.I)
_DONE = _any("""
    approved rejected promoted reverted paused unpaused resumed scaled cancelled canceled restarted deleted removed
    disabled enabled frozen unfrozen fixed repaired mended shipped delegated
""")
DONE = (
    (re.compile(rf"(?<!\w)(?:{_DONE})(?!\w)", re.I), None),
    (re.compile(r"(?<!\w)(?:re)?deployed(?!\w)", re.I), re.compile(r"deployed|the deploy(?:ment)? of", re.I)),
    (re.compile(r"(?<!\w)(?:un)?released(?!\w)", re.I), re.compile(r"released|release of", re.I)),
    (re.compile(r"(?<!\w)roll(?:ed)?[\s-]back(?!\w)", re.I), re.compile(r"rolled back|the rollback to", re.I)),
    (re.compile(r"(?<!\w)retrained(?!\w)", re.I), re.compile(r"retrained|the retraining to", re.I)),
)
"""What somebody did, and how the facts say that it was done; None: in the same word."""

UP = _any("""
    rise rises risen rising rose increase increases increased increasing grow grows grew grown growing growth
    climb climbs climbed climbing jump jumps jumped jumping surge surges surged surging spike spikes spiked
    spiking gain gains gained gaining soar soars soared soaring up upward upwards higher more larger bigger
    greater longer slower double doubled doubles triple tripled raised swelled peaked
""")
DOWN = _any("""
    fall falls fallen falling fell drop drops dropped dropping decrease decreases decreased decreasing decline
    declines declined declining sank sunk sink sinks sinking shrank shrunk shrink shrinks shrinking dip dips
    dipped dipping lost lose loses losing loss reduce reduces reduced reducing reduction down downward downwards
    lower lowered less fewer smaller shorter faster halved plunge plunged plummeted slipped slid cut
""")
GOOD = _any(
    "improve improves improved improving improvement better healthier recover recovers recovered recovery good_news"
)
BAD = _any("""
    worse worsen worsens worsened worsening degrade degrades degraded degrading degradation deteriorate
    deteriorates deteriorated deteriorating deterioration bad_news poorer suffer suffers suffered
""")
DIRECTIONS = tuple(
    (kind, re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I))
    for kind, words in (("up", UP), ("down", DOWN), ("good", GOOD), ("bad", BAD))
)
NO_DIRECTION = re.compile(
    r"(?<!\w)(?:up to|more than|less than|fewer than|no more|once more|any more|more KPIs?|more columns?|up and running"
    r"|(?:better|worse) than usual)(?!\w)",
    re.I,
)
NOT = re.compile(r"(?<!\w)(?:not|no|never|without|neither|nor|none|nothing|hardly|barely)(?!\w)|n't(?!\w)", re.I)

CAUSE = re.compile(
    r"(?<!\w)(?:because|due to|owing to|thanks to|caus(?:e|es|ed|ing)|blam(?:e|ed)|culprit"
    r"|responsible|behind (?:it|this)"
    r"|result(?:s|ed)? (?:of|from|in)|led to|leads to|trigger(?:s|ed)?|fault|stem(?:s|med)? from|explain(?:s|ed)?"
    r"|reason|brought about|did (?:it|this)|made (?:it|this))(?!\w)",
    re.I,
)
KNOWN_CAUSE = re.compile(r"Likeliest cause: ([^.]*)")
RELEASE = re.compile(r"(?<!\w)(?:releases?|deploys?|deployments?|rollouts?|rollbacks?|retrainings?)(?!\w)", re.I)

STARTERS = _set("""
    a after all also an and another any as at because before between both but by compared despite during each
    every for from further here however if in it its likely meanwhile more most neither no none nor not nothing
    now of on once one only other otherwise out overall over since so some still that the their then there these
    they this those though thus until usually very was were what when where which while with within without two
    traffic latency errors error requests request version versions alert alerts drift health release releases
    column columns data values missing quality predictions prediction training live everything evidence findings
    summary cause model models metric metrics kpi kpis answers
""")
"""What a sentence may begin with, besides words of the facts."""
ALWAYS = _set("""
    i kpi kpis utc psi auc ml id p50 p95 p99 january february march april may june july august september october
    november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday
    sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays mon tue tues wed thu thurs fri sat sun
""")
"""Names that every sentence may have; days and months are held against the facts as numbers are."""
AFTER_KIND = STARTERS | _set("""
    is are has had have will would can could should does did do gets got get serves served began begins shows
    showed became becomes answers answered itself to saw sees looks looked receives received under above below
    stays stayed remains remained keeps kept went goes rose fell moved drifted started ended came comes differ
    differs changed changes fine healthy slow failing slower seems appears runs running ran needs took takes owner
    owners name names
""")
"""What may follow "model" or "column" without being its name."""
BEFORE_KIND = _set("""
    the a an this that live new old same served stable current previous champion serving whole latest earlier
    other no each every its present deployed production paused canary first last
""")
SUBJECTS = AFTER_KIND | _set("""
    he she we who whom what which that there average mean median share rate value number count level distribution
    it they been being more less much far by to be also clearly sharply slightly well changes shift shifts cause
    reason reading readings others most result results difference
""")
"""What may rise, fall or be something without being a name."""
KINDS = r"models?|services?|metrics?|columns?|features?|person|people|user|owner|team|kpi"
NAME_BEFORE_KIND = re.compile(rf"(?<!\w)(?P<name>[\w'-]+)\s+(?:{KINDS})(?!\w)", re.I)
NAME_AFTER_KIND = re.compile(rf"(?<!\w)(?:{KINDS})\s+(?:(?:named|called)\s+)?[\"']?(?P<name>[\w-]+)", re.I)
SUBJECT = re.compile(
    rf"(?<![\w-])(?P<name>[\w-]+)\s+(?:(?:has|have|had|also|then|only|now|slightly|sharply|clearly)\s+){{0,2}}"
    rf"(?:{UP}|{DOWN}|{GOOD}|{BAD}|is|are|was|were|stands?|stood|reach(?:es|ed)?|hits?)(?![\w-])",
    re.I,
)
NAMES = ((NAME_BEFORE_KIND, BEFORE_KIND), (NAME_AFTER_KIND, AFTER_KIND), (SUBJECT, SUBJECTS))
