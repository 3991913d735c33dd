"""Finds what is wrong in intent files, with file and line, before people find it in the chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.evaluation.intent_files import Finding, read
from bizaiops_bot.evaluation.intent_hearing import Heard, Worded
from bizaiops_bot.evaluation.intent_rules import RULES, Book, playbook, slots

FOUND_BY = {
    "yaml": "not YAML, or no keys in it",
    "key": "an unknown key, or one that is missing",
    "schema": "a value that its key does not take",
    "playbook": "a playbook that does not exist",
    "risk": "another risk than the playbook's",
    "slot": "`{name}` that is no slot",
    "unused-slot": "a slot that no format and no example says",
    "few": "fewer than 20 examples (error) or 25 (warning)",
    "duplicate": "an example twice, also across intents, with stand-ins for values",
    "must-not": "a look-alike that names nothing, is an example as well, or is taken for the intent all the same",
    "cue": "an example of a change without one of its own words, or with one against it",
    "long": "an example over 100 characters, a format over 200",
    "english": "another language",
    "ambiguous-format": "a format with a sentence that is another intent's exact wording",
    "alias": "a short name that two intents have, or that is another one's format",
    "format": "an example that is an exact wording of another intent",
    "misread": "an example that the router takes for another intent",
    "not-understood": "an example that the router refuses or asks about something else (warning)",
    "help": "help without an example (warning), or with one that is not understood",
}
"""Code -> what it finds."""


def lint(folder: Path, specs: Iterable[PlaybookSpec], *, hear: bool = True) -> list[Finding]:
    """Findings in the files of `folder`, in the order of the files. Raises BadInput when there are none.

    hear: also learn them and hear their sentences, which takes seconds.

    What only the router can tell is left out for files with wrong slots or playbooks: it cannot learn them.
    """
    known = {spec.name: spec for spec in specs}
    sources, findings = read(folder)
    names = frozenset({source.intent.name for source in sources} | {Path(finding.file).stem for finding in findings})
    book = Book(tuple(sources), known, names)
    wrong = {source.path: [*playbook(book, source), *slots(book, source)] for source in sources}
    findings += [finding for found in wrong.values() for finding in found]
    sound = Book(tuple(source for source in sources if not wrong[source.path]), known, names)
    return sorted({*findings, *_looked_at(sound, hear=hear)})


def _looked_at(book: Book, *, hear: bool) -> Iterator[Finding]:
    worded, heard = Worded(book), Heard(book) if hear and book.sources else None
    for source in book.sources:
        for rule in RULES:
            yield from rule(book, source)
        yield from worded.findings(source)
        if heard is not None:
            yield from heard.findings(source)
