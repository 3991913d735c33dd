"""Words that ask for nothing: greetings, thanks, praise, anger. Answered in a line, whatever mood they are in."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["hello", "thanks", "bye", "sorry", "praise", "anger", "fine", "wellbeing", "self"]
_WHO = (
    r"(?:,? ?(?:bot|robot|team|guys|folks|all|everyone|everybody|mate|man|buddy|dude|friend|pal|there|again|dear|"
    r"you(?: guys| all)?|my friend))*"
)
_VERY = r"(?:so |very |really |pretty |quite |just |absolutely |totally |all |such an? |an? |the |too )*"
_PHRASES: tuple[tuple[Kind, str], ...] = (
    (
        "hello",
        (
            r"(?:hi+|hey+|hello+|hallo|hiya|howdy|yo|greetings|welcome back|hola|bonjour|salut|moin|servus|"
            r"good (?:morning|afternoon|evening|day)|morning|guten (?:morgen|tag|abend)|what'?s up|sup|"
            r"(?:anyone|anybody|you) (?:here|there)|are you (?:there|here|awake)|nice to meet you|"
            r"i'?m (?:new(?: here)?|"
            r"back))"
        ),
    ),
    (
        "wellbeing",
        (
            r"(?:how (?:are|r) (?:you|u|things)(?: doing| today| going)*|how'?s it going|how do you do|you (?:ok|okay|"
            r"good|alright)|"
            r"are you (?:ok|okay|well|alright)|how was your (?:day|weekend|night)|did you sleep well)"
        ),
    ),
    (
        "self",
        (
            r"(?:are you (?:an? )?(?:really )?(?:real person|real human|real|human|person|bot|robot|ai|machine|chatbot|"
            r"llm|gpt|alive|computer)|who (?:made|built|wrote) you|what'?s your name|what is your name|"
            r"do you have a name)"
        ),
    ),
    (
        "thanks",
        (
            r"(?:(?:many |big |no |ok |great |perfect )?(?:thanks|thx|thank ?you|thank u|ty|cheers|tysm|tnx|merci|"
            r"danke(?: (?:sch[öo]n|dir|euch))*|merci beaucoup|"
            r"gracias|much appreciated|appreciate (?:it|that)|i appreciate (?:it|that)|much obliged)"
            r"(?: (?:so much|very much|a lot|a million|a bunch|again|anyway|though|for (?:the|your|all the|that|this|"
            r"being)"
            r"(?: \w+)?(?: help| info| update| answer| work| patience)?|for (?:helping|everything|nothing|"
            r"letting me know)))*)"
        ),
    ),
    (
        "bye",
        (
            r"(?:(?:good ?)?bye+(?: bye)?|see (?:you|ya|u)(?: (?:later|tomorrow|soon|around|then|on \w+|"
            r"next week))?|cu|"
            r"talk (?:to you )?(?:later|soon|tomorrow)|good night|night|ciao|tsch[üu]ss|au revoir|adi[óo]s|"
            r"have a (?:good|nice|great|lovely) (?:one|day|evening|weekend|night|time)|"
            r"i'?m (?:off|out|done(?: for (?:today|now|the day))?)|(?:that'?s|that is|that was|that'?ll be) (?:all|it|"
            r"everything)"
            r"(?: (?:for (?:today|now)|i needed|from me))?|gotta go|got to go|i have to go|signing off|brb|take care)"
        ),
    ),
    (
        "sorry",
        (
            r"(?:(?:i'?m |oh |my )?(?:so |very |really )*(?:sorry|apologies|sry)(?: about (?:that|this)| for (?:that|"
            r"this|the \w+))?|"
            r"my (?:bad|mistake|fault)|oops|ups|whoops|my apologies|i apologi[sz]e|pardon(?: me)?|excuse me)"
        ),
    ),
    (
        "praise",
        (
            rf"(?:(?:you(?:'re| are| r)|that(?:'s| is| was)|this (?:is|was)|it'?s|what|{_VERY}you did|"
            rf"they are)? ?{_VERY}"
            rf"(?:great|good|nice|excellent|awesome|amazing|brilliant|fantastic|perfect|wonderful|lovely|sweet|cool|neat|"
            rf"impressive|superb|splendid|beautiful|clever|smart|helpful|useful|fast|quick|the best|a lifesaver|"
            rf"lifesaver|"
            rf"a star|a genius|a legend|legend|rock)(?: (?:job|work|one|stuff|bot|answer|catch|idea|going|help|"
            rf"effort|move|news))?|well (?:done|played|said)|you rock|i (?:love|like) (?:you|it|this|that|this bot)|"
            rf"love (?:it|you|this)|way to go|bravo|kudos(?: to you)?|congrats|congratulations|hooray|yay|woo ?hoo|wow|"
            rf"much better|that (?:worked|helps|helped|did it|does it)|it works?(?: now)?|works(?: now| fine| great)?|"
            rf"(?:that'?s )?good to (?:know|hear)|glad to hear(?: that)?|phew)"
        ),
    ),
    (
        "anger",
        (
            rf"(?:(?:are|r) (?:you|u) {_VERY}(?:stupid|dumb|kidding(?: me)?|deaf|blind|serious|joking|crazy|broken|"
            rf"insane|drunk|"
            rf"an? idiot|idiot|useless|for real|nuts)|(?:you(?:'re| are| r)?|this(?: bot| thing)?(?: is|'s)?|that(?:'s|"
            rf" is)|"
            rf"it(?:'s| is)|what) {_VERY}(?:fucking |bloody |damn |goddamn )*(?:stupid|dumb|useless|idiot|"
            rf"idiotic|moron|"
            rf"garbage|"
            rf"rubbish|trash|crap|terrible|awful|horrible|ridiculous|annoying|a joke|joke|bullshit|nonsense|shit|"
            rf"disaster|mess|hopeless|pathetic|worthless|frustrating|wrong again|the worst|killing me|"
            rf"driving me (?:nuts|"
            rf"crazy|mad)|"
            rf"unbelievable|not helpful|not helping|no help|unhelpful|suck|sucks?)(?: (?:bot|piece of \w+|thing|"
            rf"machine|"
            rf"answer))?|"
            rf"you suck|(?:you )?(?:stupid|dumb|useless|silly|bloody|fucking|damn) (?:bot|thing|machine|idiot|"
            rf"piece of \w+)|idiot|moron|stupid|"
            rf"(?:what the |the |oh )?(?:fuck|hell|heck)(?: (?:off|you|this|me|is this|was that|is wrong with you|"
            rf"is going on))?|"
            rf"wtf(?: is (?:this|wrong with you)| was that)?|ffs|omg|oh my god|oh (?:no|god|man|boy|come on|dear)|"
            rf"for (?:god|fuck|"
            rf"heaven|pete|christ|crying out loud)'?s? ?(?:sake)?|damn(?: it| you)?|dammit|god ?dammit|goddamn(?: it)?|"
            rf"bloody hell|"
            rf"holy (?:shit|crap|cow)|bull ?shit|shit|crap|argh+|ugh+|grr+|jeez|jesus(?: christ)?|christ|come on|"
            rf"seriously|really|"
            rf"i hate (?:you|this|this bot|it)|i'?m (?:so |really |very )*(?:angry|annoyed|mad|furious|pissed(?: off)?|"
            rf"frustrated|fed up|"
            rf"done with (?:you|this)|sick of (?:this|you|it))|i give up|screw (?:you|this|it)|piss off|"
            rf"get lost|go away|"
            rf"drop dead|"
            rf"shut (?:up|it)|shut the fuck up|stfu|be quiet|you (?:don'?t|do not|never) (?:listen|understand|"
            rf"get it)(?: me| anything)?|"
            rf"you'?re not listening|(?:do|can) you even (?:listen|read|work)|what'?s wrong with you|"
            rf"why are you so (?:stupid|dumb|slow|"
            rf"useless|bad)|nobody asked you|i could (?:kill|strangle|murder|scream|throw|smash|punch) ?(?:you|someone|"
            rf"somebody|it|something)?|"
            rf"kill me(?: now)?|i want to (?:scream|cry|die)|you'?ll be the death of me|you are fired|you'?re fired|"
            rf"fire this bot)"
        ),
    ),
    (
        "fine",
        (
            r"(?:ok+(?:ay|ey)?|k+|kk|alright|all right|right|got it|gotcha|i see|understood|noted|roger(?: that)?|"
            r"copy(?: that)?|"
            r"fair enough|makes sense|that makes sense|sounds fair|good|fine|cool|sure thing|no (?:problem|"
            r"worries|prob|"
            r"rush|hurry)|np|"
            r"never mind then|you'?re welcome|ha+(?:ha)+h?|hehe+|lol+|lmao|rofl|hm+|mhm+|aha|ah+|oh+|huh|interesting|"
            r"just (?:testing|kidding|checking|a test|looking)|(?:a |this is (?:just )?a )?test|testing|ping|jk|"
            r"i'?ll (?:think about it|be back|come back later|have a look|take a look|let you know)|let me think|"
            r"one moment|"
            r"[:;]-?[)(dp]+|<3|\^\^)"
        ),
    ),
)
_SIGNS = r"[\s,.!?:;)(*\u2026\u2013-]"
_ICONS = r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_ONE = tuple((kind, re.compile(rf"(?:{words}){_WHO}(?=$|{_SIGNS}|{_ICONS})")) for kind, words in _PHRASES)
_BETWEEN = re.compile(rf"(?:{_SIGNS}|{_ICONS}|(?:and|but|so|then|well(?=,)|oh|please)\b|bot\b)*")
_FIRST: tuple[Kind, ...] = ("anger", "self", "thanks", "bye", "sorry", "praise", "wellbeing", "hello", "fine")
_ANGER = next(pattern for kind, pattern in _ONE if kind == "anger")
_END = re.compile(r"[.!?,;:\u2013-]+\s*")
_INTERJECTION = re.compile(
    r"(?:(?:ffs|wtf|omg|damn(?: it)?|dammit|god ?dammit|for \w+'?s sake|jesus(?: christ)?|ugh+|argh+|come on|"
    r"oh my god)\s+(?!it\b))+"
)
_KEEPS = re.compile(
    r"(?:really|right|seriously|are you (?:sure|serious|kidding|joking))\b|(?:come on|shut up)\b(?!\s*[!?.,])"
)
"""Doubt rather than anger, or half of a request."""

WORDS: dict[Kind, str] = {
    "thanks": "You're welcome.",
    "bye": "Bye. I keep watching.",
    "sorry": "No harm done.",
    "praise": "Good to hear.",
    "fine": "All right.",
    "anger": "Sorry, that was no help. Tell me in a few words what you need; nothing was changed by what you said.",
    "wellbeing": "All well with me, thanks.",
    "hello": "Hello.",
    "self": "I am a bot: I run the models here, and people decide.",
}
NOTED = "Noted. That asked for nothing, so nothing was started."
"""To what is told and asks for nothing."""


def read(text: str) -> Kind | None:
    """What lower-case `text` is when it is nothing but small talk, the weightiest kind of its phrases."""
    found: set[Kind] = set()
    at = _BETWEEN.match(text).end()  # type: ignore[union-attr]
    if text.strip() and at == len(text) and not re.search(r"[?\w]", text):
        return "fine"
    while at < len(text):
        ends = [(m.end(), kind) for kind, pattern in _ONE if (m := pattern.match(text, at)) is not None]
        if not ends:
            return None
        end, _ = max(ends, key=lambda one: one[0])
        found |= {kind for stop, kind in ends if stop == end}
        at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]
    return next((kind for kind in _FIRST if kind in found), None)


def calm(text: str) -> str:
    """`text` without the anger before and behind what is asked for: "are you stupid? i asked for churn"."""
    rest = text
    if m := _INTERJECTION.match(rest.lower()):
        rest = rest[m.end() :] or text
    while (m := _ANGER.match(rest.lower())) is not None and not _KEEPS.match(rest.lower()):
        end = _END.match(rest, m.end())
        if end is None or not rest[end.end() :].strip():
            break
        rest = rest[end.end() :].lstrip()
    cut = re.search(r"(?:,|[.!?]+)\s*([^,.!?]+)[.!?]*\s*$", rest)
    if cut and _ANGER.fullmatch(cut[1].strip().lower()):
        asks = "?" if "?" in rest[cut.start() :] else ""  # "roll back churn, seriously?" is no order
        rest = rest[: cut.start()].rstrip() + asks
    return rest or text
