"""The counting rule: who is heard, for whom, and what that makes of a gate."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.approval import Ballot, Cast, cast, tally

ABLE = {"lead", "sre", "kim"}
Row = tuple[str, str, str | None]


def ballots(*rows: Row) -> list[Ballot]:
    return [Ballot.model_validate({"actor": a, "decision": d, "behalf": b}) for a, d, b in rows]


def counts(able: set[str], given: dict[str, str]) -> object:
    return lambda person, behalf: person in able if behalf is None else behalf in able and given.get(behalf) == person


YES, NO = "approved", "rejected"


@pytest.mark.parametrize(
    ("rows", "able", "given", "state", "voices"),
    [
        ([], ABLE, {}, "open", ()),
        ([("lead", YES, None)], ABLE, {}, "open", ("lead",)),
        ([("lead", YES, None), ("sre", YES, None)], ABLE, {}, "approved", ("lead", "sre")),
        ([("lead", YES, None), ("sre", NO, None)], ABLE, {}, "rejected", ("lead",)),
        # who has lost the right since does not count any more, neither with a yes nor with a no
        ([("lead", YES, None), ("sre", YES, None)], {"sre"}, {}, "open", ("sre",)),
        ([("lead", NO, None), ("sre", YES, None)], {"sre", "kim"}, {}, "open", ("sre",)),
        # one authority, one voice
        ([("lead", YES, None), ("bob", YES, "lead")], ABLE, {"lead": "bob"}, "open", ("lead",)),
        ([("bob", YES, "lead"), ("sre", YES, None)], ABLE, {"lead": "bob"}, "approved", ("lead", "sre")),
        # a delegation that has ended, or whose owner may not any more, counts for nothing
        ([("bob", YES, "lead"), ("sre", YES, None)], ABLE, {}, "open", ("sre",)),
        ([("bob", YES, "lead"), ("sre", YES, None)], {"sre"}, {"lead": "bob"}, "open", ("sre",)),
        # the requester never counts, nor does who speaks for him
        ([("asker", YES, None), ("sre", YES, None)], ABLE | {"asker"}, {}, "open", ("sre",)),
        ([("bob", YES, "asker"), ("sre", YES, None)], ABLE | {"asker"}, {"asker": "bob"}, "open", ("sre",)),
    ],
)
def test_a_gate_for_two_is_counted_from_nothing(
    rows: list[Row], able: set[str], given: dict[str, str], state: str, voices: tuple[str, ...]
) -> None:
    found = tally(ballots(*rows), quorum=2, requester="asker", counts=counts(able, given))  # type: ignore[arg-type]
    assert (found.state, found.voices) == (state, voices)


def one_more(
    actor: str, word: str, rows: list[Row], *, owners: list[str], given: dict[str, str], able: set[str] = ABLE
) -> Cast:
    return cast(
        actor,
        word,
        ballots(*rows),
        owners=owners,
        quorum=2,
        requester="asker",  # type: ignore[arg-type]
        counts=counts(able, given),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("actor", "word", "rows", "owners", "given", "problem", "state"),
    [
        ("lead", YES, [], [], {}, "", "open"),
        ("lead", YES, [("sre", YES, None)], [], {}, "", "approved"),
        ("lead", YES, [("lead", YES, None)], [], {}, "again", "open"),
        # who says it again settles what is enough by now: a voice that was lost has come back
        ("lead", YES, [("lead", YES, None), ("sre", YES, None)], [], {}, "", "approved"),
        ("lead", NO, [("lead", YES, None)], [], {}, "", "rejected"),
        ("asker", YES, [], [], {}, "requester", "open"),
        ("bob", YES, [], [], {}, "not_allowed", "open"),
        ("bob", YES, [], ["lead"], {"lead": "bob"}, "", "open"),
        ("bob", YES, [], ["asker"], {"asker": "bob"}, "not_allowed", "open"),
        ("asker", YES, [], ["lead"], {"lead": "asker"}, "requester", "open"),
        # the voice is used up, by the delegate or by the owner himself
        ("lead", YES, [("bob", YES, "lead")], [], {"lead": "bob"}, "voice_taken", "open"),
        ("bob", YES, [("lead", YES, None)], ["lead"], {"lead": "bob"}, "voice_taken", "open"),
        # of two owners the one whose voice is free
        ("bob", YES, [("lead", YES, None)], ["lead", "sre"], {"lead": "bob", "sre": "bob"}, "", "approved"),
        # a veto is heard even from a voice that has spoken
        ("lead", NO, [("bob", YES, "lead")], [], {"lead": "bob"}, "", "rejected"),
        ("bob", NO, [("lead", YES, None)], ["lead"], {"lead": "bob"}, "", "rejected"),
        # the delegation of the earlier approval has ended: the owner's voice is free again
        ("lead", YES, [("bob", YES, "lead")], [], {}, "", "open"),
        # a delegate who may decide himself speaks for himself
        ("kim", YES, [("lead", YES, None)], ["lead"], {"lead": "kim"}, "", "approved"),
    ],
)
def test_one_more_decision(
    actor: str, word: str, rows: list[Row], owners: list[str], given: dict[str, str], problem: str, state: str
) -> None:
    made = one_more(actor, word, rows, owners=owners, given=given)
    assert (made.problem, made.tally.state) == (problem, state)
    assert (made.ballot is None) == bool(problem)


def test_one_person_is_never_two_voices_however_many_delegated_to_him() -> None:
    given = {"lead": "bob", "sre": "bob"}
    first = one_more("bob", YES, [], owners=["lead", "sre"], given=given)
    assert first.ballot is not None and first.ballot.behalf == "lead"
    again = one_more("bob", YES, [("bob", YES, "lead")], owners=["lead", "sre"], given=given)
    assert again.problem == "again" and again.tally.voices == ("lead",)
