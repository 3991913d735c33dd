"""A decision in words keeps its reason, and words that may mean the contrary approve nothing."""

from __future__ import annotations

import pytest

from tests.support.router_company import asks, does


@pytest.mark.parametrize(
    ("said", "playbook", "reason"),
    [
        ("approve run 7", "approve_run", None),
        ("approve run 7, looks good", "approve_run", "looks good"),
        ("approve run 7 because the AUC is fine", "approve_run", "the AUC is fine"),
        ("approve run 7 - looks good to me", "approve_run", "looks good to me"),
        ("approve run 7 (checked with sam)", "approve_run", "checked with sam"),
        ("reject run 7: the AUC is too low", "reject_run", "the AUC is too low"),
        ("reject run 7 because it would approve run 8", "reject_run", "it would approve run 8"),
        ("reject run 7 - too risky, wait for monday", "reject_run", "too risky, wait for monday"),
        ("veto run 7: the data is old", "reject_run", "the data is old"),
    ],
)
def test_the_reason_is_kept_as_it_was_said(said: str, playbook: str, reason: str | None) -> None:
    assert does(said) == (playbook, {"run": 7} if reason is None else {"run": 7, "reason": reason})


@pytest.mark.parametrize("said", ["approve run 7, not yet", "approve run 7, no", "approve run 7, but not before 5pm"])
def test_an_approval_with_a_but_is_asked_back(said: str) -> None:
    assert asks(said).choices
