"""Numbers that are written as words: "three", "twenty-three", "two and a half thousand", "a third", "twice"."""

from __future__ import annotations

import re

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ONES = {word: n for n, word in enumerate(_ONES.split())}
TENS = {word: 10 * n for n, word in enumerate(_TENS.split(), start=2)}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = {word: n for n, word in enumerate(_ORDINALS.split(), start=1)}
PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "thirds": 3,
    "quarter": 4,
    "quarters": 4,
    "fifth": 5,
    "fifths": 5,
    "sixth": 6,
    "sixths": 6,
    "seventh": 7,
    "sevenths": 7,
    "eighth": 8,
    "eighths": 8,
    "ninth": 9,
    "ninths": 9,
    "tenth": 10,
    "tenths": 10,
}
TIMES = {
    "twice": 2.0,
    "double": 2.0,
    "doubled": 2.0,
    "doubles": 2.0,
    "doubling": 2.0,
    "twofold": 2.0,
    "thrice": 3.0,
    "triple": 3.0,
    "tripled": 3.0,
    "tripling": 3.0,
    "threefold": 3.0,
    "quadruple": 4.0,
    "quadrupled": 4.0,
    "fourfold": 4.0,
    "fivefold": 5.0,
    "tenfold": 10.0,
    "halved": 0.5,
    "halving": 0.5,
}
_WORD = "|".join(sorted([*ONES, *TENS, *SCALES], key=len, reverse=True))
CARDINAL = rf"(?:{_WORD})(?:(?:[ -]|\s+and\s+)(?:{_WORD}))*(?:\s+point(?:\s+(?:{'|'.join(ONES)}))+)?"
PART = "|".join(sorted(PARTS, key=len, reverse=True))


def cardinal(words: str) -> float:
    """The value of words that match `CARDINAL`: "two hundred and five" is 205.

    Words that make no number, such as "five five", give the sum of their parts: no real number is meant, none is found.
    """
    whole, _, rest = re.sub(r"\s+", " ", words.lower()).partition(" point ")
    total = current = 0
    for word in re.split(r"[ -]", whole):
        if word in ONES or word in TENS:
            current += ONES.get(word, TENS.get(word, 0))
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in SCALES:
            total, current = total + max(current, 1) * SCALES[word], 0
    digits = "".join(str(ONES[word]) for word in rest.split() if ONES[word] < 10)
    return float(total + current) + (int(digits) / 10 ** len(digits) if digits else 0.0)
