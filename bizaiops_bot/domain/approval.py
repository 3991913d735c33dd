"""The counting rule of approvals: who spoke, for whom, and what that makes of a gate. Plain values, nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from bizaiops_bot.domain.values import Value

HELD: Literal["held"] = "held"
"""The answer to a verdict that asks for more time."""
NEXT_STEP = ", next step "
"""In the name of a gate about the next share of a rollout in steps."""
Word = Literal["approved", "rejected", "held"]
"""held: neither, look longer; only where a version is judged."""
Problem = Literal["", "requester", "not_allowed", "again", "voice_taken"]
Counts = Callable[[str, str | None], bool]
"""(person, the approver he speaks for, None for himself) -> whether policy lets that count at this moment."""


class Ballot(Value):
    """One person's latest decision on a gate."""

    actor: str
    decision: Word
    behalf: str | None = None
    """The approver who delegated the right to decide; None when the person decides by his own right."""

    @property
    def authority(self) -> str:
        """Whose voice it is: an approver and his delegate together have one."""
        return self.behalf or self.actor


class Tally(Value):
    """How a gate stands; `voices` are the authorities whose approval counts, in the order they came."""

    state: Literal["open", "approved", "rejected", "held"]
    voices: tuple[str, ...]
    quorum: int


class Cast(Value):
    """What one more decision does. With a `problem` it counts for nothing and `ballot` is None.

    by: the person who has used the voice already ("voice_taken").
    """

    ballot: Ballot | None
    tally: Tally
    problem: Problem = ""
    by: str = ""


def tally(ballots: Iterable[Ballot], *, quorum: int, requester: str, counts: Counts) -> Tally:
    """Counts again from nothing: one veto rejects, `quorum` different voices approve, the requester is never one.

    A ballot whose author has lost the right since he cast it counts for nothing.
    """
    valid = [b for b in ballots if requester not in (b.actor, b.behalf) and counts(b.actor, b.behalf)]
    voices = tuple(dict.fromkeys(b.authority for b in valid if b.decision == "approved"))
    if any(b.decision == "rejected" for b in valid):
        return Tally(state="rejected", voices=voices, quorum=quorum)
    if any(b.decision == "held" for b in valid):
        return Tally(state="held", voices=voices, quorum=quorum)
    return Tally(state="approved" if len(voices) >= quorum else "open", voices=voices, quorum=quorum)


def cast(
    actor: str,
    decision: Word,
    ballots: Sequence[Ballot],
    *,
    owners: Iterable[str],
    quorum: int,
    requester: str,
    counts: Counts,
) -> Cast:
    """Adds one person's decision to those made so far.

    owners: approvers whose delegate the person is now. Who may decide by his own right does so, and speaks for nobody
    else. An approval replaces the person's earlier one only if that does not count any more.
    """
    before = tally(ballots, quorum=quorum, requester=requester, counts=counts)
    if actor == requester:
        return Cast(ballot=None, tally=before, problem="requester")
    rights = _rights(actor, owners, requester, counts)
    if not rights:
        return Cast(ballot=None, tally=before, problem="not_allowed")
    mine = next((b for b in ballots if b.actor == actor), None)
    if mine is not None and mine.decision == decision and mine.behalf in rights:
        # Voices that had lost their right and have it again may be enough by now: saying it again settles it then.
        again = before.state == "open"
        return Cast(ballot=None if again else mine, tally=before, problem="again" if again else "")
    others = [b for b in ballots if b.actor != actor]
    # A veto is heard even from a voice that has spoken: the careful word wins.
    used = {b.authority: b.actor for b in others if counts(b.actor, b.behalf)} if decision == "approved" else {}
    free = [right for right in rights if (right or actor) not in used]
    if not free:
        return Cast(ballot=None, tally=before, problem="voice_taken", by=used[rights[0] or actor])
    ballot = Ballot(actor=actor, decision=decision, behalf=free[0])
    after = tally([*others, ballot], quorum=quorum, requester=requester, counts=counts)
    return Cast(ballot=ballot, tally=after)


def _rights(actor: str, owners: Iterable[str], requester: str, counts: Counts) -> list[str | None]:
    """For whom the person may speak: himself if he may, else those who delegated to him."""
    if counts(actor, None):
        return [None]
    return [owner for owner in owners if owner not in (requester, actor) and counts(actor, owner)]
