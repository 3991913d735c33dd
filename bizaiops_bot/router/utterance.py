"""What kind of thing was said, before what it is about: whether words ask, or order something."""

from __future__ import annotations

import re

from bizaiops_bot.router import moods

_YOU = r"(?:you|u|ya|someone|somebody|anyone|anybody)"
_POLITE_ORDER = re.compile(
    rf"(?:(?:can|could|would|will|cud|cld|won'?t|can'?t|couldn'?t) {_YOU}|(?:can|could|may) (?:we|i) "
    rf"(?:please|pls|plz|just|(?:please )?(?:get|have))|(?:would|do) {_YOU} mind|mind (?=\w+ing\b)|"
    rf"any chance (?:that )?(?:you|we) (?:can|could)|(?:is|would) it (?:be )?possible (?:for {_YOU} )?to|"
    rf"(?:do {_YOU} )?think {_YOU} (?:can|could)|would {_YOU} be so kind|(?:can|could|may) i ask {_YOU} to|"
    rf"(?:i was |was )?(?:wondering|hoping) (?:if )?{_YOU} (?:can|could|would))(?![\w'])"
)
"""Questions by their form alone: what they ask for is to be done."""
_WE_COULD = re.compile(r"(?:can|could) we (?:please |maybe |perhaps |also |just )*")
_WHETHER = re.compile(
    r"\b(?:now|today|tonight|tomorrow|yet|already|still|safely|ever|on \w+days?|without|or|before|after|again|anyway|"
    r"at all|be|see|know|tell|ask|expect|trust|when|if|while|during|in the (?:morning|evening|afternoon))\b"
)
"""What makes "can we roll it back" ask whether that is possible."""
_TELLING = re.compile(
    r"(?:please |pls |just |maybe |also |kindly |quickly |be so kind (?:as )?(?:to |and )?)*"
    r"(?:tell (?:me|us)|show|explain|describe|define|list|let (?:me|us) see|find out|check (?:if|whether|why|what|"
    r"how|on)|"
    r"look (?:up|at|into)|confirm (?:if|whether|that)|verify|estimate|guess|clarify|"
    r"remind (?:me|us) (?:what|who|why|when|how|which)|(?:do you |does anyone |anyone |anybody |someone )know|"
    r"(?:i |i'm |am |just )*(?:wonder|wondering|curious)|(?:i(?:'d| would)? |we )?(?:want|like|need|love) to know|"
    r"(?:i'?m |i am )?not sure (?:if|whether|why|what|how)|(?:have you |do you have |got )?any (?:idea|news|update|"
    r"word)|"
    r"no idea|give (?:me|us) (?:an? |the |your )?(?:overview|status|summary|idea|reason|explanation|numbers?|update))\b"
)
"""Requests to be told something: whatever they are about, nothing is to change."""
_WONDERS = re.compile(
    r"(?:for|since|until|till|by|from|at|in|on|to|of|with|about) (?:how|what|which|whom|whose|when)(?![\w'-])|"
    r"(?:(?:why|when|who|whom|whose|what|which|how|where|whether)(?:'?s|'?re|'?d)?|"
    r"(?:is|are|was|were|am|did|does|has|should|shall|could|would|can|might|must|will|won'?t|ain'?t)(?:n'?t)?|"
    r"(?:do|have|had|may|don'?t|haven'?t) (?:we|you|i|they|he|she|it|there|any\w*|our|these|those|people|users|"
    r"customers|somebody|someone))(?![\w'-])"
)
_SUBORDINATE = re.compile(r"(?:when(?:ever)?|where|while|what(?:ever)? (?:a|an)\b)(?![\w'-])")
"""Beginnings of what may stand before an order: "when it is slow, roll it back"."""
_WEIGHS = re.compile(
    r"(?:(?:should|shall|can|could|may|must|do|would|did|have) (?:we|i|they|it)\b|how (?:do|can|should|would|to)\b|"
    r"what (?:happens|would|if|about)\b|how about\b|(?:is|was|would) it\b|why (?:not|don'?t|do|did|should)\b|"
    r"when (?:do|did|should|can)\b|"
    r"who (?:can|may|did|should)\b|are (?:we|you|they)\b)"
)
"""Questions about doing: the verbs behind them, with "and" between, are asked about and not ordered."""
_VERB = (
    r"deploy|ship|release|roll(?: it| that)? ?back|roll|rollback|revert|retrain|train|pause|resume|unpause|scale|"
    r"cancel|abort|"
    r"approve|reject|freeze|unfreeze|send|stop|halt|kill|inject|clear|schedule|promote|restart|undo|delete|remove|drop|"
    r"start|mute|unmute|snooze|put|bring|take|turn|switch|shut|push|get|move|launch|lift|delegate|set|make|do it|"
    r"go ahead|"
    r"restore|increase|decrease|raise|lower|add|give|disable|enable|limit|remind|withdraw|pull"
)
_ORDER = re.compile(rf"(?:(?:please|pls|plz|just|also|then|now|so|and|ok|immediately|quickly) )*(?:{_VERB})(?![\w'-])")
_WISH = re.compile(r"(?:i|we)(?:'d| would)? (?:really )?(?:want|need|like|would like|'d like) (?!to know)")
_STATES = re.compile(
    r"(?:(?:well|ah|oh|ok|okay|hm+|phew|yeah|yes|no|so|and|but|at least|come on|sure|then),? )*"
    r"(?:(?:i|we|he|she|they|you|it|that|this|there|nobody|everybody|everyone)(?:'?(?:s|m|re|ve|ll|d))?(?= )|"
    r"(?:my|our) (?:boss|team|manager|colleagues?|people|customers?|users?)\b|not (?!that\b|this\b|now\b|yet\b|it\b))"
)
_FOR_SOMEBODY = re.compile(
    r"\b(?:want|wants|need|needs|would|should|must|have to|has to|had to|could|can|can't|cannot|cant|please|pls|meant?|"
    r"said|asked|wish|hope you)\b"
)
"""In a statement: it may ask for something all the same."""
_SENTENCE = re.compile(r"(?<=[.!?;\n])\s+|\n+")
_JOINT = re.compile(r"(?:,|\s-|\s–)\s+(?:and |then |so |but |please )?|\s+(?:and|then|so|but)\s+")
_STATE = re.compile(
    r"\b(?:done|finished|over|through|ready|complete|completed|still|yet|in place|safe|allowed|possible|needed|"
    r"necessary|"
    r"ok|okay|back|working|enough|ongoing|happening)\b\W*$"
)


def asks(text: str) -> bool:
    """Whether lower-case `text` asks something and orders nothing beside: no answer to it changes anything.

    "Could you roll back churn?" orders; "could we roll back churn?" and "tell me if it is rolled back" ask. "Roll back
    churn?" asks as well: whether a person means it as an order is seen by who knows the forms of orders.
    """
    clauses = [clause for sentence in _SENTENCE.split(text) for clause in _clauses(sentence.strip())]
    return any(map(_asks, clauses)) and not any(map(_orders, clauses))


def begins(clause: str) -> bool:
    """Whether lower-case `clause` begins a request or question of its own, and no second half of one."""
    said = clause[_opening(clause) :]
    polite = _POLITE_ORDER.match(said)
    said = said[polite.end() :].lstrip(" ,") if polite else said
    return bool(polite or _ORDER.match(said) or _TELLING.match(said) or _WONDERS.match(said))


def tells(text: str) -> bool:
    """Whether lower-case `text` is a statement by its form: it says how things are and asks nobody for anything."""
    said = text.strip()
    return bool(_STATES.match(said)) and "?" not in said and not _FOR_SOMEBODY.search(said) and not asks(said)


def is_state(text: str) -> bool:
    """Whether a short question in `text` is about a state and no order in doubt: "rollback done?"."""
    return bool(_STATE.search(text.rstrip("?!. ")))


def _clauses(sentence: str) -> list[str]:
    """The sentence in parts where an order, or a question, begins behind its first part."""
    said = sentence[_opening(sentence) :]
    if _WEIGHS.match(said) and not _POLITE_ORDER.match(said) and not _suggested(said):
        return [sentence]
    found, start = [], 0
    for joint in _JOINT.finditer(sentence):
        rest = sentence[joint.end() :]
        opened = rest[_opening(rest) :]
        polite = _POLITE_ORDER.match(opened)
        if not (polite or _ORDER.match(opened) or _TELLING.match(opened) or _WONDERS.match(opened)):
            continue
        if sentence.endswith("?") and not polite and _ORDER.match(opened) and _asks(sentence[start : joint.start()]):
            continue  # "is it safe to stop and restart churn?"
        found.append(sentence[start : joint.start()])
        start = joint.end()
    return [part for part in (*found, sentence[start:]) if part.strip()]


def _opening(text: str) -> int:
    return moods.greeting(text)


def _suggested(said: str) -> re.Match[str] | None:
    """ "Can we restore the old churn model?" as it is said to somebody who can; only asked back by the moods."""
    m = _WE_COULD.match(said)
    return m if m and _ORDER.match(said[m.end() :]) and not _WHETHER.search(said[m.end() :]) else None


def _asks(clause: str) -> bool:
    said = clause.strip()[_opening(clause.strip()) :]
    polite = _POLITE_ORDER.match(said) or _suggested(said)
    if polite:
        return bool(_TELLING.match(said[polite.end() :].lstrip(" ,")))
    if _TELLING.match(said):
        return True
    if said.rstrip(" .!").endswith("?"):
        return True
    return bool(_WONDERS.match(said)) and not (_SUBORDINATE.match(said) and "?" not in clause and _is_aside(said))


def _is_aside(said: str) -> bool:
    """Whether a clause with "when" or "what a" only leads up to another: it has no verb that asks behind its word."""
    return not re.match(r"(?:when|where|what)(?:'?s)? (?:is|are|was|were|did|does|do|will|can|should|has|have)\b", said)


def _orders(clause: str) -> bool:
    said = clause.strip()[_opening(clause.strip()) :]
    polite = _POLITE_ORDER.match(said) or _suggested(said)
    if polite:
        return not _TELLING.match(said[polite.end() :].lstrip(" ,"))
    if said.rstrip(" .!").endswith("?"):
        return False
    return bool(_ORDER.match(said) or _WISH.match(said)) and not _TELLING.match(said)
