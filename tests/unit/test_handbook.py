"""The handbook is cut, named, found and served so that a card's link leads to what the card says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.handbook.book import folder
from bizaiops_bot.handbook.html import page_names, read_page
from bizaiops_bot.handbook.index import Index
from bizaiops_bot.handbook.pages import Section, cut, read_sections
from bizaiops_bot.handbook.showing import LENGTH, shown
from tests.support.handbook import handbook

PAGES = folder()
TEXT = """# Bread

About bread.

## How it is baked

In an oven, see [ovens](../reference/ovens.md#heat).

```bash
bake --hot
```

- first, dough
- then, heat

| Flour | Minutes |
| --- | --- |
| rye | 50 |
"""


def test_a_page_is_cut_at_its_headings_into_plain_parts() -> None:
    top, baking = cut("how-to/bread", TEXT)
    assert (top.anchor, top.title, top.parts) == ("", "Bread", ("About bread.",))
    assert (baking.anchor, baking.page_title) == ("how-it-is-baked", "Bread")
    assert baking.parts == ("In an oven, see ovens.", "first, dough", "then, heat", "rye: 50")
    assert baking.code == "bake --hot"


def test_the_anchor_of_every_section_is_one_of_its_served_page() -> None:
    assert PAGES is not None
    bodies = {name: read_page(PAGES, name).body for name in page_names(PAGES)}
    for section in read_sections(PAGES):
        assert not section.anchor or f'id="{section.anchor}"' in bodies[section.page], section


def test_every_link_of_a_served_page_leads_somewhere() -> None:
    names = set(page_names(PAGES))
    for name in names:
        for target in re.findall(r'href="/handbook/([^"#]+)', read_page(PAGES, name).body):
            assert target in names, f"{name} links to {target}"


@pytest.mark.parametrize("name", ["../settings", "how-to/../../pyproject", "how-to/none", "/etc/passwd", "adr/0001"])
def test_what_is_no_page_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        read_page(PAGES, name)


async def test_a_passage_is_found_by_its_name_in_any_case() -> None:
    found = await handbook().passage("drift and verdicts: HEALTH")
    assert found.link == "/handbook/explanation/drift-and-verdicts#health"
    with pytest.raises(NotFound):
        await handbook().passage("Bread")


def test_without_an_encoder_words_alone_find_the_passage() -> None:
    sections = [
        Section("a", "A", "quiet", "Quiet hours", ("At night nothing is told.",)),
        Section("b", "B", "oven", "Ovens", ("Bread is baked in them.",)),
    ]
    found = Index(sections, {}, None, []).ask("when are quiet hours?")
    assert found.passages[0].section == "quiet"


def test_a_handbook_without_pages_answers_nothing() -> None:
    found = Index([], {}, None, []).ask("when are quiet hours?")
    assert found.passages == () and found.sure == 0.0


def test_vectors_are_kept_and_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    sections = [Section("a", "A", "quiet", "Quiet hours", ("At night nothing is told.",))]
    encode = handbook()._encode
    Index(sections, {}, encode, [tmp_path]).warm()
    (kept,) = tmp_path.glob("handbook-*.npy")
    whole = kept.stat().st_size
    kept.write_bytes(b"\x93NUMPY broken")
    Index(sections, {}, encode, [tmp_path]).warm()
    assert kept.stat().st_size == whole


def test_what_is_shown_begins_with_the_part_that_answers_and_ends_with_a_sentence() -> None:
    parts = ("One. " * 60, "Two is the answer.", "Three follows.")
    assert shown(parts, 1) == "Two is the answer.\n\nThree follows."
    long = shown(("A sentence of words. " * 80,), -1)
    assert len(long) <= LENGTH + 2 and long.endswith(". …")
