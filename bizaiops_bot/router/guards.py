"""Stage 0: what may be read as someone's own words, and what may not."""

from __future__ import annotations

import re
import unicodedata

from bizaiops_bot.domain.routing import Refusal

MAX_CHARS = 2000
HELP = "Say `help` to see what I can do."

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"^\s*>.*$", re.MULTILINE)
_ADDRESS = re.compile(
    r"^\s*(?:/(?:mlops|bizaiops)\b|<@\w+>|@\w+|(?:hey|hi|hello|ok|dear)[ ,]+(?:biz\w*|bot|team)\b|"
    r"(?:biz\w*|bot)\s*[,:])[\s,:]*",
    re.IGNORECASE,
)
_KEEP = {"\n", "\t"}
_DROPPED = {"Cf", "Cs", "Co", "Cn"}

# Function words that English does not share; two of them and no English one mark a foreign message.
_FOREIGN = frozenset(
    re.findall(
        r"\S+",
        "bitte das der den dem ein eine wie ist und auf nicht mit für von zeig zeige mir haben wir welche läuft geht "
        "por favor el los las una como está y cuál qué muestra muéstrame modelo modelos del para con hay "
        "le les une des est sur avec pour vous quel quels quelle montre moi modèle modèles déployer "
        "déploie fais s'il plaît "
        "il lo gli che come sono con per mostra modello modelli distribuisci favore "
        "o os um uma não você mostre modelos implante het een van wat hoe toon",
    )
)
_ENGLISH = frozenset(
    re.findall(
        r"\S+",
        "the is are of to for and how what which who why when show please did does can could you we our "
        "my it this that last with deploy back every",
    )
)


def clean(text: str) -> str | Refusal:
    """The person's own words: NFKC, no control characters, no quotes, no code blocks, no address such as `@bot` or
    `/mlops`.

    Newlines stay. Refuses what is too long, empty, only quoted or not English.
    """
    if len(text) > MAX_CHARS:
        return _too_long(len(text))
    plain = "".join(_keep(char) for char in unicodedata.normalize("NFKC", text))
    if len(plain) > MAX_CHARS:
        return _too_long(len(plain))
    if not plain.strip():
        return Refusal(why="There was no text in that message.", help=HELP)
    own = _QUOTED.sub("", _FENCE.sub(" ", plain)).replace("`", "")
    own = _ADDRESS.sub(
        "", "\n".join(line for line in (re.sub(r"[ \t]+", " ", x).strip() for x in own.splitlines()) if line)
    )
    if not own.strip():
        return _nothing_own(plain)
    return foreign(own) or own.strip()


def _keep(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cc":
        return char if char in _KEEP else " "
    if category in {"Zl", "Zp"}:
        return "\n"
    return (
        "" if category in _DROPPED else {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": " - "}.get(char, char)
    )


def _too_long(size: int) -> Refusal:
    why = f"That message has {size:,} characters; I read at most {MAX_CHARS:,}. Nothing was started."
    return Refusal(why=why, help="Say it in one short sentence, for example `status churn`.")


def _nothing_own(plain: str) -> Refusal:
    if ">" in plain or "```" in plain:
        why = "I do not take quoted text or code blocks as a request. Nothing was started."
        return Refusal(why=why, help="Write the request in your own words. " + HELP)
    return Refusal(why="There was no request in that message.", help=HELP)


def foreign(text: str) -> Refusal | None:
    """A polite no to what is not English; None when it is, or when too short to tell."""
    letters = [char for char in text if char.isalpha()]
    other = sum("LATIN" not in unicodedata.name(char, "") for char in letters)
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())
    strange = sum(word in _FOREIGN for word in words)
    if (letters and other > 0.4 * len(letters)) or (strange >= 2 and not any(word in _ENGLISH for word in words)):
        why = "Sorry, I understand English only so far. Nothing was started."
        return Refusal(why=why, help="For example: `status churn`, `how did churn do this week?`, or `help`.")
    return None
