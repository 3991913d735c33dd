"""What is known about a whole audit: its chain, and what the signed heads attest of it. Never more than that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bizaiops_bot.engine.audit.chain import NAMED, Chain, Row
from bizaiops_bot.engine.audit.signed_heads import HEADS_FILE, Head


@dataclass(frozen=True)
class Evidence:
    """The heads there are, and whose signatures count.

    trusted: key ids. alone: the bot is the only one that signs this log, so a head by another key is a problem; where
    many workers sign, it is only not counted. damaged: what could not be read.
    """

    heads: list[Head] = field(default_factory=list)
    elsewhere: list[Head] = field(default_factory=list)
    """Those of the file beside the database."""
    trusted: frozenset[str] = frozenset()
    alone: bool = True
    damaged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """problems: the first ones in words, `more` were found besides. attested: the newest trusted head that holds."""

    entries: int
    last: int
    problems: tuple[str, ...]
    more: int
    attested: Head | None
    notes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.problems

    def lines(self) -> list[str]:
        """The report in sentences."""
        told = [self._verdict()]
        told += [f"- {problem}" for problem in self.problems]
        if self.more:
            told.append(f"- and {self.more:,} more")
        return [*told, self._attestation(), *self.notes]

    def _verdict(self) -> str:
        count = "1 entry" if self.entries == 1 else f"{self.entries:,} entries"
        if not self.whole:
            return f"NOT as it was written: {count}, and this is wrong:"
        if self.entries == 0:
            return "Empty: there is nothing to check yet."
        return f"OK: {count}, none changed, moved or missing."

    def _attestation(self) -> str:
        head = self.attested
        if head is None and self.entries == 0:
            return "Signatures: none."
        if head is None:
            return (
                "Signatures: none yet. The bot signs every quarter of an hour and when it stops; the log of a bot that "
                "has stopped must have one."
            )
        where = f"entry {head.seq:,}, by key {head.key_id} at {head.at[:19]} UTC"
        if not self.whole:
            return f"Signatures: the newest that holds is of {where}. What is not named above is right up to there."
        rest = self.last - head.seq
        if not rest:
            return f"Signatures: up to the last entry, {where}."
        newest = "newest entry is" if rest == 1 else f"{rest:,} newest entries are"
        return f"Signatures: up to {where}. The {newest} signed next: every quarter of an hour, and when the bot stops."


def examine(rows: Iterable[Row], evidence: Evidence) -> Report:
    """Checks every entry and every head; needs memory for the heads alone."""
    chain = Chain()
    every = list(dict.fromkeys([*evidence.heads, *evidence.elsewhere]))
    kept: dict[int, str] = dict.fromkeys((head.seq for head in every), "")
    chain.feed(_noting(rows, kept))
    chain.finish()
    problems, notes = list(evidence.damaged), list[str]()
    strangers: Counter[str] = Counter()
    good: list[Head] = []
    for head in every:
        if not head.valid:
            problems.append(f"the signature of the head at entry {head.seq:,} is not valid")
        elif head.key_id not in evidence.trusted:
            strangers[head.key_id] += 1
        else:
            good.append(head)
    for stranger, count in sorted(strangers.items()):
        words = f"{_heads(count)} signed by key {stranger}, which is not this bot's: not counted"
        (problems if evidence.alone else notes).append(words)
    problems += _removed_heads(evidence)
    told, attested = compare(sorted(good, key=lambda head: head.seq), kept, chain.seq)
    found = [*chain.problems, *told, *problems]
    more = chain.more + max(0, len(found) - NAMED)
    return Report(chain.count, chain.seq, tuple(found[:NAMED]), more, attested, tuple(f"Note: {n}." for n in notes))


def _noting(rows: Iterable[Row], kept: dict[int, str]) -> Iterator[Row]:
    """Passes the rows on and notes the hashes that heads speak of."""
    for row in rows:
        if row[0] in kept:
            kept[row[0]] = row[7]
        yield row


def compare(heads: list[Head], kept: dict[int, str], last: int) -> tuple[list[str], Head | None]:
    """(what the trusted heads, oldest first, say against the entries, the newest that holds).

    kept: the hash of each entry that a head speaks of, "" or nothing for one that is not there.
    """
    problems: list[str] = []
    attested: Head | None = None
    rewritten, cut = 0, None
    for head in heads:
        if head.seq > last:
            cut = head
        elif kept.get(head.seq) == head.hash:
            attested = head
        elif kept.get(head.seq):
            if not rewritten:
                since = attested.seq + 1 if attested else 1
                problems.append(
                    f"entry {head.seq:,} is not the one that was signed at {head.at[:19]} UTC: the log was rewritten "
                    f"somewhere from entry {since:,} to {head.seq:,}"
                )
            rewritten += 1
    if rewritten > 1:
        problems.append(f"nor is what {rewritten - 1:,} later head(s) attest")
    if cut is not None:
        problems.append(
            f"the end was cut off: entry {cut.seq:,} was signed at {cut.at[:19]} UTC, the last one left is {last:,}"
        )
    return problems, attested


def _removed_heads(evidence: Evidence) -> list[str]:
    """Heads of the file that the database has no more; a crash can leave one in the database alone, never so."""
    there = {(head.seq, head.key) for head in evidence.heads}
    gone = [head.seq for head in evidence.elsewhere if (head.seq, head.key) not in there]
    if not gone:
        return []
    return [
        f"{_heads(len(gone))} in {HEADS_FILE} and not in the database, the last at entry {max(gone):,}: removed there"
    ]


def _heads(count: int) -> str:
    return "1 head is" if count == 1 else f"{count:,} heads are"
