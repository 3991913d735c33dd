"""A file for a spreadsheet shows what it holds and computes nothing."""

from __future__ import annotations

import csv
import io

import pytest

from bizaiops_bot.domain.csv_text import LONGEST, csv_text
from bizaiops_bot.domain.errors import BadInput


@pytest.mark.parametrize(
    "evil",
    [
        '=HYPERLINK("https://evil.example","x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1:A9)",
        "\t=1+1",
        "\r=1+1",
        "  =1+1",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "%0A=1",
        "|calc",
    ],
)
def test_no_cell_of_text_begins_like_a_formula(evil: str) -> None:
    (cells,) = list(csv.reader(io.StringIO(csv_text(["name"], [[evil]]))))[1:] or [[""]]
    assert cells[0].startswith("'") and cells[0][1:].replace("\r", "\n") == evil.replace("\r", "\n")


def test_numbers_stay_numbers_and_what_has_commas_and_quotes_is_whole() -> None:
    text = csv_text(["a", "b", "c"], [[-1.5, None, 'x, "y"\nz']])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b", "c"], ["-1.5", "", 'x, "y"\nz']]


def test_what_a_card_cannot_carry_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="too much for one file"):
        csv_text(["a"], (["x" * 1000] for _ in range(LONGEST // 1000 + 1)))
