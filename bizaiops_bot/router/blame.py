"""Which side of a change a version is on: the one to go to, or the one that is blamed and to be left.

A small grammar, nearest sign first: the preposition before the version ("to v1", "off v3"), the verb it is the object
of ("restore v1", "undo v3"), what is told of it ("v3 is slow", "v1 was fine"). Nothing is guessed: a version without a
sign, or with signs of both sides, is `unclear`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bizaiops_bot.router.blame_words import ACTS, BAD, BAD_NOUN, BRINGS, GOOD, PAST_RELEASE, UNDO, WISHES

Side = Literal["goal", "toward", "culprit", "taken back", ""]
_V = r"<[\d+]+>"
_GOOD_ADJECTIVE = (
    r"(?:good|old|working|healthy|known-good|previous|earlier|trusted|proven|solid|reliable|former|prior|original|safe|"
    r"last|beloved|trusty|tested)"
)
_BAD_ADJECTIVE = rf"(?:{BAD}|new|newer|newest|latest|current|present|damn|damned|bloody|today's|recent|stinking)"
_ADJECTIVES = rf"(?:(?:{_BAD_ADJECTIVE}|{_GOOD_ADJECTIVE}|all|any|using|running|serving|just)\s+){{0,3}}"
_DON_T = (
    r"(?:don'?t|do not|doesn'?t|does not|can'?t|cannot|can not|never|no longer|stop|quit|nobody|no one|no-one|"
    r"nobody|not|"
    r"won'?t|shouldn'?t|mustn'?t|should not|must not|should never)"
)
_MOVES = r"(?:upgraded?|update[sd]?|move[sd]?|switch|change|migration|bump|jump|transition|rollout|release|deploy\w*)"


def _before(words: str) -> re.Pattern[str]:
    """The words directly before the version, adjectives in between."""
    return re.compile(rf"(?:^|(?<=[^\w']))(?:{words})\s+{_ADJECTIVES}$")


_SENDS = (
    r"(?:roll\w*(?: ?-?back)?|rollback|revert|return|restore|reset|downgrade|switch|swap|change|go|take|put|set|send|"
    r"flip|move|shift|route|point|get|bring)"
)
# The first that fits counts: what is more special stands above what is more general.
_SIGNS: tuple[tuple[str, Side], ...] = (
    (
        r"(?:compares?|compared|measures? up|lives? up|comes? close|(?:hold|holds) \w+ \w+|nowhere near|not close|"
        r"match(?:es)?(?: up)?) (?:to|with)",
        "goal",
    ),
    (
        r"(?:stop|stops|cut|no|no more|kill|halt|block|end|quit|remove|pull|without|take)(?: \w+){0,2} "
        r"(?:traffic|requests|load|users|customers|calls)(?: away| going)? (?:to|for|on|onto|at|from|off|with)",
        "culprit",
    ),
    (rf"(?:{BAD_NOUN}|{BAD})(?: \w+)? (?:with|in|on|of|from|by|since|for|under|at|about|after|over)", "culprit"),
    (r"(?:worse|slower|buggier|weaker|poorer|less \w+)(?: \w+)? (?:than|as)", "goal"),
    (rf"(?:{_DON_T}|no) (?:\w+ )??(?:back )?(?:to|onto|on|with)", "culprit"),
    (r"than", "culprit"),
    (
        r"(?:because of|due to|thanks to|owing to|away from|out of|off(?: of)?|from|instead of|in place of|rid of|"
        r"anything but|"
        r"all but|no more|no|not|without|except(?: for)?|over|since|after|before|until|till|prior to|against|"
        r"regret(?:ting)?|"
        r"down to|fault of|happened (?:in|with|on)|trust in|faith in)",
        "culprit",
    ),
    (rf"{PAST_RELEASE}(?: @| over| everything| all| traffic)* (?:to|onto)", "culprit"),
    (rf"{PAST_RELEASE}", "culprit"),
    (
        r"(?:is|are|'re|'s|we're|currently|now|still|running|stuck|(?<!go )(?<!going )live|sits?|being) "
        r"(?:currently |now |"
        r"still )?(?:on|with|at)",
        "culprit",
    ),
    (
        rf"{_DON_T} (?:\w+ )??(?:want|wants|use|uses|using|need|needs|keep|keeping|trust|trusts|like|likes|run|"
        rf"running|serve|"
        r"serving|have|stand|recommend)(?: to| on| with)?",
        "culprit",
    ),
    (
        rf"(?:stick|stay|go|going|continue|work|live|do)(?: back)?(?: for now)? with|(?:{_V}|@|it|"
        rf"that) (?:\w+ )??(?:with|by)|"
        rf"(?:swap|exchange|trade|substitute|change) (?:\w+ )?(?:{_V}|@|it) (?:back )?(?:for|to|into)",
        "goal",
    ),
    (
        rf"(?:back|again|from {_V}|{_SENDS}(?: (?:@|{_V}|it|us|everything|everyone|all|traffic|over|straight|right|"
        rf"directly|now|please|pls))*) (?:to|onto|on to|on|into|towards?|at|in favou?r of)|\u2192",
        "goal",
    ),
    (r"(?:to|onto|on to|on|into|towards?|at|in favou?r of)", "toward"),
    (r"(?:stop|no|reject|abort|cancel|halt|kill) (?:the )?(?:using|serving|running)", "culprit"),
    (UNDO, "culprit"),
    (rf"{BRINGS}|{WISHES}|(?<!roll )(?<!rolling )back", "goal"),
)
_LEFT = tuple((_before(words), side) for words, side in _SIGNS)
# As an order only: "the last release v3" and "we have v3" ask for nothing.
_ACTS = re.compile(
    rf"(?:^|[,.;:!?(]\s*|\b(?:please|pls|and|to|let'?s|let us|just|then|us|should|could you|can you|can we|"
    rf"could we|must|rather|"
    rf"so|ok|okay|now|better|instead|go|would you|will you)\s+){ACTS}\s+{_ADJECTIVES}$"
)
_TAKES_BACK = _before(r"(?:revert(?:ing)?|roll(?:ing)? ?-?back|rollback)")
_ADJECTIVE = re.compile(rf"(?:^|\s)(?:(?P<bad>{_BAD_ADJECTIVE})|(?P<good>{_GOOD_ADJECTIVE}))\s*$")
# "Get v3 out as a canary" puts it where people are; "get v3 out" may well take it away.
_OUT = r"out(?! (?:as an? (?:\d+ ?% )?canary|to (?:every\w+|all|users|customers|people)|at \d))"
_PARTICLES: tuple[tuple[str, str, Side], ...] = (
    (r"(?:roll|rolling|reverse)", "(?:right |straight |all the way )?back", "culprit"),
    (
        r"(?:back|kick|throw|take|pull|get|turn|shut|chuck|toss|move|rip|put|phase|switch|bring|push|wind|tear|"
        r"send|cut|bring)",
        rf"(?:{_OUT}|down|off|offline|away|out of \w+)",
        "culprit",
    ),
    (
        r"(?:want|need|wants|needs|like|have|get|see)",
        r"(?:to be )?(?:gone|removed|dead|killed|reverted|undone|rolled back|to go|"
        rf"{_OUT}|off|away|stopped)",
        "culprit",
    ),
    (r"take", "back", ""),
    (
        r"(?:bring|put|get|want|wants|need|have|give us|give me|like|switch|turn|make|set)",
        "(?:please )?(?:back|live|on|in)",
        "goal",
    ),
)
_AROUND = tuple(
    (re.compile(rf"(?:^|\s){verb}\s+{_ADJECTIVES}$"), re.compile(rf"^\s+{particle}(?![\w-])"), side)
    for verb, particle, side in _PARTICLES
)
_END = re.compile(rf"[,.;:!?()\n]|\s-+\s|\b(?:but|so|because|then|please|pls|and|while|whereas|as|since)\b|{_V}")
_OPENS = re.compile(r"^[\s,;:.!(-]*(?:(?:it|this|that|which|who)(?=['\s]))?")
_VERB = (
    r"(?:'s|is|was|are|were|be|been|has|have|had|looks?|looked|seems?|seemed|feels?|felt|sounds|does|did|do|went|goes|"
    r"got|gets|keeps?|kept|turned|turns|performs?|performed|behaves?|behaved|acts?|acted|ran|runs?|needs?|must|"
    r"should|can|could|"
    r"will|would|used|still|now|just|really|also|both|all|always|never|continues?|(?:is|was|are|were|has|have|had|"
    r"do|does|did|"
    r"ca|wo|should|would|could)n'?t|cannot|ain'?t|\w+ly)"
)
_TELLS = re.compile(rf"^\s*(?:{_VERB}(?![\w'])|{BAD}(?![\w-])|(?:worked|works|served)\b)")
_PAST = re.compile(
    r"\b(?:was|were|worked|ran|did|used to|had been|has been|served|behaved|performed|felt|looked|had)\b"
)
_NOT = re.compile(
    r"n't\b|\b(?:not|no|never|no longer|without|stop\w*|hardly|barely|far from|cannot|cant|isnt|doesnt|wasnt|dont|"
    r"less|nothing|"
    r"few|free of|nor)\b"
)
_BAD, _GOOD = re.compile(rf"(?<![\w-]){BAD}(?![\w-])"), re.compile(rf"(?<![\w-]){GOOD}(?![\w-])")
_AGAIN = re.compile(r"^\s*(?:again|instead|back)\b(?! (?:out|to|off|down)\b)")
_OWN_FAULT = re.compile(rf"^(?:'s)?\s+(?:{BAD_NOUN})(?![\w-])")
_ARROW = re.compile(rf"^\s*(?:\u2192|(?:back )?to)\s*{_V}")
_PREVIOUS = re.compile(
    r"\b(?:previous|prior|preceding|former|last good|last working|last stable|one before|before that|"
    r"version before|release "
    r"before|one (?:version|release|step) back)\b"
)
_FAR = re.compile(
    r"\b(?:two|three|four|five|several|a few|a couple(?: of)?|[2-9]) (?:older |earlier )?"
    r"(?:versions?|releases?|steps?)\b|"
    r"\b(?:oldest|original|very first|first|initial|earliest) (?:\w+ )?(?:version|release|one|model|build)\b"
)
_MOVE = re.compile(rf"({_V})(?: to | ?\u2192 ?)({_V})")
_MODEL = r"(?:the |our |my )?@(?:'s)?(?: model)?"
_THING = r"(?:release|deploy|deployment|rollout|roll-out|launch|update|upgrade|canary|version|build|model|thing|push)"


@dataclass(frozen=True)
class Sides:
    """Versions by side, each in order of the words.

    taken_back: only said to be "rolled back" or "reverted", which some say of the version they leave and some of the
    one they want. toward: behind a "to" or "on" that tells where something is or went ("users on v3"), which is no
    order to go there. moves: "v2 to v3", from and to. previous: the one before was asked for in words; far: one farther
    back.
    """

    goals: tuple[str, ...] = ()
    toward: tuple[str, ...] = ()
    culprits: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    previous: bool = False
    far: bool = False
    moves: tuple[tuple[str, str], ...] = ()


def sides(text: str, versions: Iterable[tuple[int, int, str]], models: Iterable[tuple[int, int]]) -> Sides:
    """The sides of the versions (start, end, value) in lower-case `text`; models: where names of models stand."""
    said = list(versions)
    marked = _marked(text, said, models)
    found: dict[str, set[Side]] = {}
    for m in re.finditer(_V, marked):
        side = _side(marked[: m.start()], marked[m.end() :])
        for index in re.findall(r"\d+", m[0]):
            found.setdefault(said[int(index)][2], set()).add(side)
    of: dict[Side, tuple[str, ...]] = {
        side: tuple(value for value, signs in found.items() if _one(signs) == side)
        for side in ("goal", "toward", "culprit", "taken back", "")
    }
    return Sides(
        of["goal"],
        of["toward"],
        of["culprit"],
        of["taken back"],
        of[""],
        previous=bool(_PREVIOUS.search(marked)),
        far=bool(_FAR.search(marked)),
        moves=tuple(
            (said[int(m[1].strip("<>"))][2], said[int(m[2].strip("<>"))][2])
            for m in _MOVE.finditer(marked)
            if "+" not in m[0]
        ),
    )


def _one(signs: set[Side]) -> Side:
    """Of all mentions of one version: a bare one beside a clear one adds nothing, two that differ leave it open."""
    clear = signs - {""}
    if clear == {"culprit", "taken back"}:
        return "culprit"
    if clear == {"goal", "toward"}:
        return "goal"
    return next(iter(clear)) if len(clear) == 1 else ""


def _marked(text: str, versions: list[tuple[int, int, str]], models: Iterable[tuple[int, int]]) -> str:
    """The words with "<0>" for the first version and so on, without the model it is of and articles before it; versions
    joined by "and" or "or" are one.
    """
    text = text.translate(_NO_MARKS)
    spans = [(start, end, f"<{i}>") for i, (start, end, _) in enumerate(versions)]
    spans += [(s, e, "@") for s, e in models if not any(s < end and start < e for start, end, _ in versions)]
    for start, end, sign in sorted(set(spans), reverse=True):
        text = f"{text[:start]}{sign}{text[end:]}"
    text = re.sub(r"[ \t]+", " ", re.sub(r"[-=]+\u203a", " \u2192 ", text))
    text = re.sub(rf"({_V})(?: {_THING})?(?: (?:of|for|on|in) {_MODEL}(?!\w))?", r"\1", text)
    text = re.sub(rf"(?:{_MODEL}[ :,]? ?)?(?:version )?({_V})", r"\1", text)
    text = re.sub(rf"({_V}) ?(?:and|or|&|/) ?(?={_V})", r"\1", text).replace("><", "+")
    text = re.sub(
        rf"\b(?:the|that|this|our|my|last|latest) (?:\w+ )??{_MOVES}(?: (?:of|for) {_MODEL})? (?:to|of|"
        rf"on|for) (?={_V})",
        "",
        text,
    )
    before = ""
    while before != text:
        before, text = text, re.sub(rf"\b(?:the|that|this|these|those|our|my|your|its) (?={_ADJECTIVES}{_V})", "", text)
    return text


_NO_MARKS = str.maketrans("<>@\u2019", "\u2039\u203a\u00a4'")


def _side(left: str, right: str) -> Side:
    """What the words before and behind one version say of it."""
    near = left[-120:]
    for verb, particle, side in _AROUND:
        if verb.search(near) and particle.match(right):
            if side == "culprit" and verb is _AROUND[0][0] and not _goes_on(right):
                return "taken back"
            return side
    if _ARROW.match(right):
        return "culprit"
    for pattern, side in _LEFT:
        if pattern.search(near):
            return side
    return _told(right) or _described(near)


def _goes_on(right: str) -> bool:
    """Whether "roll v3 back" says where to."""
    return bool(re.search(rf"\bback to {_V}", right))


def _described(near: str) -> Side:
    if _TAKES_BACK.search(near):
        return "taken back"
    if _ACTS.search(near):
        return "goal"
    m = _ADJECTIVE.search(near)
    return "" if m is None else "culprit" if m["bad"] else "goal"


def _told(right: str) -> Side:
    """By what is told of the version behind it; praise counts only in the past, as "v3 is good" asks for nothing."""
    if _AGAIN.match(right):
        return "goal"
    if _OWN_FAULT.match(right):
        return "culprit"
    rest = right[_OPENS.match(right).end() :]  # type: ignore[union-attr]
    if not _TELLS.match(rest):
        return ""
    end = _END.search(rest)
    clause = rest[: end.start()] if end else rest
    bad, good, denied = _BAD.search(clause), _GOOD.search(clause), _NOT.search(clause)
    if bad and not denied:
        return "culprit"
    if good and denied and not bad:
        return "culprit"
    praised = (good and not denied) or (bad and denied)
    return "goal" if praised and _PAST.search(clause) else ""


_BACK = r"(?:roll(?:ing)? ?-?back|roll|rollback|revert|undo|restore|go back|return|back out|take back)"
_NOT_BACK = re.compile(
    rf"\b(?:do not|don'?t|never|no|not|without|won'?t|shouldn'?t|should not|must not|mustn'?t|needn'?t|can'?t|cannot|"
    rf"(?:no need|no reason|rather not|refrain|avoid|hold off)(?: \w+)?|nobody should) (?:\w+ )?{_BACK}\b|"
    r"\b(?:not yet|not now|not today|hold(?:ing)? off|refrain|hands off)\b"
)
_LEAVES = re.compile(rf"^(?:please |pls |then |also |now |just )*(?:{UNDO}|revert|roll|rollback|go back)\b")


def negated_blame(found: Sides, text: str) -> bool:
    """Whether a "not" in lower-case `text` is told of a blamed version rather than of going back."""
    return bool(found.culprits or found.taken_back) and not _NOT_BACK.search(text)


def one_way_back(parts: Iterable[str], found: Sides, models: int) -> bool:
    """Whether several orders are the one to leave a version, said twice: "kill churn v3, roll back"."""
    return models <= 1 and len(found.culprits) == 1 and all(_LEAVES.match(part) for part in parts)
