"""Namespaces of the cluster: "in the fraud-prod namespace", "namespace: ml", "-n ml"."""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

from bizaiops_bot.router.slots.mention import Mention

_NAME = r"[a-z0-9][\w-]*"
_QUOTE = "[\"']?"
_NAMED = re.compile(
    rf"(?:(?<!\S)(?:--namespace[= ]|-n[= ])|\b(?:k8s |kubernetes )?(?:namespaces?(?: called| named)?|ns)\s?[:=/ ]\s?)"
    rf"{_QUOTE}(?P<first>{_NAME}){_QUOTE}(?:(?:, | and | or ){_QUOTE}(?P<second>{_NAME}){_QUOTE})?"
)
_BEFORE = re.compile(rf"(?<![\w-]){_QUOTE}(?P<name>{_NAME}){_QUOTE} (?:k8s |kubernetes )?(?:namespace|ns)\b")
_NO_NAME = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "which",
        "what",
        "whose",
        "any",
        "all",
        "some",
        "each",
        "every",
        "other",
        "another",
        "same",
        "new",
        "old",
        "our",
        "my",
        "your",
        "their",
        "its",
        "right",
        "wrong",
        "own",
        "whole",
        "default's",
        "k8s",
        "kubernetes",
        "is",
        "are",
        "was",
        "has",
        "have",
        "in",
        "of",
        "for",
        "on",
        "at",
        "to",
        "and",
        "or",
        "with",
        "by",
        "from",
        "please",
        "pls",
        "now",
        "called",
        "named",
        "does",
        "do",
        "should",
        "can",
        "will",
        "delete",
        "create",
        "list",
        "show",
        "no",
        "one",
        "per",
        "cluster",
    ]
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def find(text: str, known: tuple[str, ...]) -> list[Mention]:
    """Namespaces in lower-case `text`; one that is not among `known` carries the problem, unless none are known."""
    found: list[Mention] = []
    for m in _NAMED.finditer(text):
        for name in ("first", "second"):
            if m[name] and m[name] not in _NO_NAME and not (name == "second" and m[name] == "namespace"):
                found.append(_mention(m, name, m[name], known, whole=name == "first"))
    for m in _BEFORE.finditer(text):
        if m["name"] not in _NO_NAME and m["name"] not in {"namespace", "ns"}:
            found.append(_mention(m, "name", m["name"], known, whole=True))
    taken = [(m.start, m.end) for m in found]
    known_ones = _known(text, known)
    found += [n for n in known_ones if not any(n.start < end and start < n.end for start, end in taken)]
    return sorted(found, key=lambda m: m.start)


def _known(text: str, known: tuple[str, ...]) -> list[Mention]:
    """Known names behind "in" or "on"; elsewhere they may be anything."""
    return [
        Mention("namespace", m.start(), m.end(), name)
        for name in known
        if name in text
        for m in re.finditer(rf"\b(?:in|within|inside|from) (?:the )?{re.escape(name)}(?![\w-]|\.\w)", text)
    ]


def _mention(m: re.Match[str], group: str, name: str, known: tuple[str, ...], *, whole: bool) -> Mention:
    start, end = (m.start(), m.end(group)) if whole and group == "first" else m.span(group)
    end = m.end() if group == "name" else end
    if not _LABEL.fullmatch(name):
        why = f"{name!r} is no name of a namespace: those have small letters, digits and hyphens."
        return Mention("namespace", start, end, None, why)
    if known and name not in known:
        near = [hit for hit, _, _ in process.extract(name, known, scorer=fuzz.ratio, score_cutoff=70.0, limit=2)]
        hint = f"Did you mean {' or '.join(near)}?" if near else f"I know {', '.join(known[:8])}."
        return Mention("namespace", start, end, None, f"There is no namespace {name!r}. {hint}")
    return Mention("namespace", start, end, name)
