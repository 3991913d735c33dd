"""A table of one's own, in whatever form it was written, is read as it was meant or refused; never differently."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.embedded.business.csv_dates import read_dates
from bizaiops_bot.embedded.business.csv_numbers import read_numbers
from bizaiops_bot.embedded.business.csv_tables import OwnFile, Written, read_table

Write = Callable[..., Path]
WORDS = ["small", "large, blue", 'said "no"', "two\nlines", "a;b", "x|y", "tab\there", "naïve", "Łódź", "1st", "-x"]


def point(value: float) -> str:
    return f"{value:.2f}"


def thousands(group: str, mark: str) -> Callable[[float], str]:
    return lambda value: f"{value:,.2f}".replace(",", "G").replace(".", mark).replace("G", group)


NUMBERS: dict[str, Callable[[float], str]] = {
    "1234.50": point,
    "1234,50": lambda value: point(value).replace(".", ","),
    "1,234.50": thousands(",", "."),
    "1.234,50": thousands(".", ","),
    "1 234,50": thousands("\u00a0", ","),
    "1'234.50": thousands("'", "."),
    "€1,234.50": lambda value: f"€{thousands(',', '.')(value)}",
    "1.234,50 EUR": lambda value: f"{thousands('.', ',')(value)} EUR",
    "(1,234.50)": lambda value: f"({thousands(',', '.')(-value)})" if value < 0 else thousands(",", ".")(value),
    "1,234": lambda value: f"{round(value):,}",
    "1.234": lambda value: f"{round(value):,}".replace(",", "."),
    "1.234 (three decimals)": lambda value: f"{value:.3f}",
}
DATES = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%B %d, %Y",
    "%d.%m.%y",
    "%y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
]


def written(header: list[str], rows: list[list[str]], delimiter: str, ending: str, quoting: int) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows([header, *rows])  # type: ignore[arg-type]
    return out.getvalue()


def read(folder: Path, text: str, encoding: str = "utf-8", written: Written | None = None) -> OwnFile:
    path = folder / "own.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path, need_rows=1, written=written)


@given(
    numbers=st.lists(st.floats(-99_999, 9_999_999).map(lambda x: round(x, 2)), min_size=3, max_size=30),
    form=st.sampled_from(sorted(NUMBERS)),
    dates=st.sampled_from(DATES),
    start=st.dates(date(1990, 1, 1), date(2040, 1, 1)),
    step=st.sampled_from([1, 7, 30, 365]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    name=st.sampled_from(["amount", "amount (EUR, monthly)", "amount;net", "the amount", "amount|x"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_in_any_dialect_reads_back_the_same_or_is_refused(
    tmp_path: Path,
    numbers: list[float],
    form: str,
    dates: str,
    start: date,
    step: int,
    delimiter: str,
    ending: str,
    quoting: int,
    encoding: str,
    words: list[str],
    name: str,
) -> None:
    days = [start + timedelta(days=step * i) for i in range(len(numbers))]
    said = [words[i % len(words)] for i in range(len(numbers))]
    rows = [[day.strftime(dates), word, NUMBERS[form](x)] for day, word, x in zip(days, said, numbers, strict=True)]
    text = written(["date", "word", name], rows, delimiter, ending, quoting)
    try:
        file = read(tmp_path, text, encoding)
    except BadInput:
        return
    table = file.table
    if set(table.columns) != {"date", "word", " ".join(name.split())}:
        pytest.fail(f"columns {list(table.columns)} of {text[:80]!r}")
    meant = [float(round(x)) if form in {"1,234", "1.234"} else x for x in numbers]
    assert len(table) == len(numbers)
    if table[name].tolist() != [row[2] for row in rows] or form == "1234.50":  # what stays text is refused by its role
        assert table[name].astype(float).tolist() == pytest.approx(meant)
    if table["date"].tolist() != [row[0] for row in rows]:
        assert [cell[:10] for cell in table["date"]] == [day.isoformat() for day in days]
    assert table["word"].tolist() == said


@pytest.mark.parametrize(("form", "mark"), [("1,234", "point"), ("1.234", "comma")])
def test_what_a_mark_parts_is_refused_where_it_cannot_be_told_and_obeyed_where_it_is_said(form: str, mark: str) -> None:
    cells = [NUMBERS[form](x) for x in (1234.0, 71_000.0, 5.0)]
    unclear = read_numbers(cells, decimal="", elsewhere="")
    assert unclear is not None
    assert "it cannot be told" in unclear.problem
    said = read_numbers(cells, decimal=mark, elsewhere="")  # type: ignore[arg-type]
    assert said is not None
    assert said.cells == ["1234", "71000", "5"]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["1,234.50", "1.234,50"], "mixes two ways to write numbers"),
        (["€5", "$6"], r"mixes \$ and €"),
        (["12,5", "12.5"], "mixes two ways to write numbers"),
    ],
)
def test_numbers_written_in_two_ways_are_refused(cells: list[str | None], why: str) -> None:
    found = read_numbers(cells, decimal="", elsewhere="")
    assert found is not None
    assert re.search(why, found.problem)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["01.02.2024", "03.04.2024"], "no day above 12"),
        (["31.01.2024", "01/31/2024"], "mixes day first"),
        (["31/01/2024", "01/31/2024"], "mixes day first"),
        (["24-01-30", "24-01-31"], "whose year may be the first"),
        (["2024-01-31", "31.01.2024"], "mixes two ways"),
    ],
)
def test_dates_that_cannot_be_told_are_refused(cells: list[str | None], why: str) -> None:
    found = read_dates(cells, order="")
    assert found is not None
    assert why in found.problem


def test_the_order_that_is_said_is_taken_unless_the_dates_speak_against_it() -> None:
    cells = ["01/02/2024", "03/04/2024"]
    said = {order: read_dates(cells, order=order) for order in ("day-first", "month-first")}
    assert [found and (found.cells[0] or "")[:10] for found in said.values()] == ["2024-02-01", "2024-01-02"]
    against = read_dates(["31/01/2024"], order="month-first")
    assert against is not None
    assert "is not month-first" in against.problem


def rows(count: int = 20) -> list[list[str]]:
    return [[f"C{i}", str(i), "abc"[i % 3]] for i in range(count)]


def table(records: list[list[str]]) -> str:
    return written(["id", "n", "kind"], records, ",", "\n", csv.QUOTE_MINIMAL)


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        (table(rows()) + "C20,2", 20, "line 22 is cut off"),
        (table(rows()) + 'C20,2,"a', 20, "line 22 is cut off"),
        (table(rows()) + "C20,2,long\nC21,2,lo", 21, "line 23 is cut off ('lo')"),
        (table(rows()) + "C20,2,long\nC21,2,loud", 22, ""),
        (table([*rows(), ["Total", "190", ""]]), 20, "line 22 is a total"),
        (table(rows()) + "\n,,\n\n", 20, ""),
        (table(rows() * 2), 20, "every row is there 2 times"),
        (table([r for r in rows() for _ in range(3)]), 20, "every row is there 3 times"),
        ("sep=;\n" + table(rows()).replace(",", ";"), 20, ""),
        (table([*rows(), ["C20", "many", "a"]] + [[f"D{i}", "7", "b"] for i in range(9)]), 30, "'many'"),
        (table(rows()).replace("id,n,kind", "id,n,kind,"), 0, "refused"),
        (table(rows()).replace("\n", ",\n").replace("id,n,kind,", "id,n,kind"), 20, ""),
        (table(rows()).replace("C5,5", "C5,5,5"), 0, "Line 7 has 4 cells, the header 3"),
        (table(rows()).replace("C5,5", '"C5,5'), 0, "Line 7: a quotation mark opens there"),
    ],
)
def test_what_is_left_out_is_told_with_its_lines(tmp_path: Path, text: str, count: int, told: str) -> None:
    if not count:
        with pytest.raises(BadInput, match=told if told != "refused" else "not a readable"):
            read(tmp_path, text)
        return
    file = read(tmp_path, text)
    assert len(file.table) == count
    assert told in "; ".join(file.told)
    assert bool(told) == bool(file.told)


def test_a_first_line_of_values_is_no_header(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no header row"):
        read(tmp_path, "\n".join(table(rows()).splitlines()[1:]))
    with pytest.raises(BadInput, match="no header row"):
        read(tmp_path, "2024-01-01,S0,57\n2024-01-02,S0,58\n2024-01-03,S0,51\n")


def test_two_columns_of_one_name_are_refused_unless_they_are_the_same(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="two columns 'n'"):
        read(tmp_path, "id,n,n\na,1,2\nb,3,4\n")
    file = read(tmp_path, "id,n,n\na,1,1\nb,3,3\n")
    assert list(file.table.columns) == ["id", "n"]
    assert file.told == ["column 'n' is there twice, once left out"]


def test_letters_of_an_old_windows_are_read_and_told(tmp_path: Path) -> None:
    file = read(tmp_path, "id,price\nMüller,€ 5\nLöw,€ 6\n", "cp1252")
    assert file.table["id"].tolist() == ["Müller", "Löw"]
    assert file.table["price"].tolist() == ["5", "6"]
    assert "Windows-1252" in file.told[0]


def test_a_delimiter_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    text = "n (a, b);m (c, d)\n1,5;2,5\n3,5;4,25\n"
    with pytest.raises(BadInput, match="comma or semicolon"):
        read(tmp_path, text)
    file = read(tmp_path, text, written=Written(delimiter="semicolon"))
    assert file.table["m (c, d)"].tolist() == ["2.5", "4.25"]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    file = read(tmp_path, 'id,n\n"two\nlines",1\n\nb,2\n')
    assert file.table.index.tolist() == [2, 5]
