"""Other languages than English: which one it is, a polite sentence in it, and the few plain questions read anyway.

Nothing said in another language changes anything: what is read becomes one of four fixed questions, with a name in it.
"""

from __future__ import annotations

import re
import unicodedata

from bizaiops_bot.router.tongues import ALL, CHINESE, JAPANESE, LATIN, OTHER, RUSSIAN, TURKISH, Language

_MANY_LETTERS = 0.4
_MARKS = " ?!.\u3002\u00bf"
_NAME = r"(?P<name>[a-z][a-z0-9_-]{1,40})"


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


_ENGLISH = _words(
    "the is are of to for and how what which who why when show please did does can could you we our my it this "
    "that last with "
    "deploy back every a an on in at by from has have was were be been i me us if or not but there their should "
    "would will do "
    "roll approve reject cancel retrain pause resume scale freeze send run help your all new"
)
_LONGEST_ORDER = 80
_SHARED = _words("run an in")
_NOT = _words("nicht kein keine keinen nie niemals pas ne n'arrête jamais no nunca non mai não niet geen nooit")
_SMALL = _words("auf mit im in an am à a al au aux du des de del con sur op naar modell modèle modelo modello model")
_NOUNS = {
    "lauf": "run",
    "exécution": "run",
    "execution": "run",
    "ejecución": "run",
    "esecuzione": "run",
    "execução": "run",
    "zeitplan": "schedule",
    "alarm": "alert",
    "alerte": "alert",
    "alerta": "alert",
}
_BAD = _words(
    "kaputt defekt fehlerhaft schlecht langsam cassé cassée mauvais mauvaise lent lente roto rota malo mala lento "
    "lenta rotto kapot"
)
_PERCENT = re.compile(r"(?<=\d) ?(?:pro[zc]ent|pour ?cent|por ciento|percento|por cento)\b")
_LEADS = (
    (" to ", r"auf|zu|zur|à|vers|a|al|en|para|alla|su|naar"),
    (" from ", r"von|vom|weg von|de|du|desde|da|dal|van"),
)
"""What stands before the version to go back to, and before the one to leave."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def detect(text: str) -> Language | None:
    """The language of `text` when it is not English; None when it is, or when too short to tell."""
    letters = [char for char in text if char.isalpha()]
    scripts = [unicodedata.name(char, "").split(" ", 1)[0] for char in letters] if not text.isascii() else []
    foreign = sum(script != "LATIN" for script in scripts)
    if foreign > _MANY_LETTERS * len(letters) or (foreign and not _plain_ascii(text)):
        return _of_script(set(scripts))
    words = _WORD.findall(text.lower())
    if not words:
        return None
    english = sum(word in _ENGLISH for word in words)
    counts = [(sum(word in language.words for word in words), language) for language in LATIN]
    best, language = max(counts, key=lambda count: count[0])
    least = 1 if not text.isascii() and not english else 2
    return language if best >= least and best > english else None


def is_foreign(text: str) -> bool:
    """Whether `text` is said in another language, as far as can be told."""
    return plain_question(text) is not None or order(text) is not None or detect(text) is not None


def is_english(word: str) -> bool:
    """Whether it is one of the small English words."""
    return word in _ENGLISH


def _plain_ascii(text: str) -> bool:
    """Whether some English words stand between the others."""
    return any(word in _ENGLISH for word in _WORD.findall(text.lower()))


def _of_script(scripts: set[str]) -> Language:
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return JAPANESE
    if "CJK" in scripts:
        return CHINESE
    return RUSSIAN if "CYRILLIC" in scripts else OTHER


def plain_question(text: str) -> str | None:
    """What is asked in another language, in English: "status churn", "kpis churn last week", "models" or "help"; None
    for all else.
    """
    said = re.sub(r"\s+", " ", text.lower()).strip(_MARKS)
    rest, span = _span(said)
    for language, kind, pattern in _QUESTIONS:
        m = pattern.fullmatch(said) if not span or kind in {"models", "help"} else pattern.fullmatch(rest)
        if m is None:
            continue
        if kind not in {"status", "kpis"}:
            return None if kind == said else kind
        if m["name"] in language.words or f"{kind} {m['name']}" == said:
            return None
        return (
            f"status {m['name']}" if kind == "status" and span in {"", "today"} else f"kpis {m['name']} {span}".strip()
        )
    return None


def _span(said: str) -> tuple[str, str]:
    """The words before a span of time at their end, and the span in English; ("", "") without one."""
    for pattern, english in _SPANS:
        if m := pattern.search(said):
            return said[: m.start()], english.format(**m.groupdict())
    return "", ""


def order(text: str) -> tuple[Language, str] | None:
    """What is ordered in another language and its form in English, "" where there is none; None for all else."""
    said = re.sub(r"\s+", " ", text.lower()).strip(f"{_MARKS},;")
    words = set(_WORD.findall(said)) - _SHARED
    if len(said) > _LONGEST_ORDER:
        return None
    for language, pattern, english in _ORDERS:
        if not (words - language.words) & _ENGLISH and (m := pattern.search(said)):
            about = " ".join(part for part in (said[: m.start()], *m.groups(), said[m.end() :]) if part)
            return language, "" if words & _NOT or not english else _in_english(english, about, language)
    return None


def _in_english(begins: str, about: str, language: Language) -> str:
    """The order with the names and values that are left of the words: "roll back churn to v1"."""
    between = language.words | set(language.between.split("|")) | _SMALL
    found = [word.rstrip(".") for word in re.findall(r"[\w%#'.-]+", _PERCENT.sub("%", about))]
    kept = [_NOUNS.get(word, word) for word in found if word not in between and word not in _BAD]
    if begins == "roll back":
        return _way_back(kept, about, blamed=any(word in _BAD for word in found))
    if begins == "freeze":
        return "freeze deploys"
    said = " ".join([begins, *kept])
    said = re.sub(r" (?=\d+ ?%)", " at ", said)
    joined = {"scale": r" (?=\d)", "compare": r"(?<=v\d) (?=v\d)"}.get(begins)
    return re.sub(joined, " and " if begins == "compare" else " to ", said) if joined else said


def _way_back(kept: list[str], about: str, *, blamed: bool) -> str:
    """ "roll back churn to v1": a version is the goal only where the words say so."""
    names = [word for word in kept if not re.fullmatch(r"v\d\S*|versi[oó]n", word)]
    said = " ".join(["roll back", *names])
    for version in (word for word in kept if re.fullmatch(r"v\d\S*", word)):
        behind = rf"(?: (?:die|der|la|version|versión))* {re.escape(version)}(?!\w)"
        leads = [lead for lead, words in _LEADS if re.search(rf"(?<!\w)(?:{words}){behind}", about)]
        said += f"{leads[0] if leads else ' from ' if blamed else ' '}{version}"
    return said


def _orders() -> list[tuple[Language, re.Pattern[str], str]]:
    return [
        (language, re.compile(rf"(?<!\w)(?:{said.replace(' ... ', ' (.{1,60}?) ')})(?!\w)"), english)
        for language in LATIN
        for said, english in language.orders
    ]


def _questions() -> list[tuple[Language, str, re.Pattern[str]]]:
    found = []
    for language in ALL:
        aside = rf"(?:(?:^|\s)?(?:{language.between})(?=\s|$))*"
        for kind, said in (("status", language.status), ("kpis", language.kpis)):
            if said:
                found.append((language, kind, re.compile(rf"{said}{aside}\s{_NAME}(?:[\s-]?(?:{language.between}))*")))
        if language in (JAPANESE, CHINESE, TURKISH):
            found.append((language, "status", re.compile(rf"{_NAME}\s?(?:\s?(?:{language.between}))+")))
        for kind, said in (("models", language.models), ("help", language.help)):
            found.append((language, kind, re.compile(rf"(?:{said}){aside}")))
    return found


_QUESTIONS = _questions()
_ORDERS = _orders()
_SPANS = [
    (re.compile(rf"(?: (?:für|von|vom|in|im|pour|de|du|en|para|per|di|voor|van|da|do))? {said}$"), english)
    for language in LATIN
    for said, english in language.spans
]
