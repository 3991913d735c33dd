"""What README and the tutorial show is what the bot shows: the pages are played on a real demo and compared."""

from __future__ import annotations

import pytest

from tools.real_pages import PAGES, SHOWN, blocks, framed, kinds, record, written

TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
NAMES = [(page, name) for page, text in TEXTS.items() for name in blocks(text)]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that both pages show, played once, four times as fast as a reader sees it."""
    return record(tmp_path_factory.mktemp("pages") / "data", speed=240)


@pytest.mark.parametrize(("page", "name"), NAMES)
def test_a_block_of_a_page_is_what_the_bot_shows(page: str, name: str, shown: dict[str, str]) -> None:
    printed = blocks(TEXTS[page])[name]
    assert kinds(printed) == kinds(shown[name]), f"run `make pages`; the bot shows:\n{shown[name]}"
    assert framed(printed) and framed(shown[name])


def test_every_block_that_looks_like_a_card_is_played() -> None:
    for text in TEXTS.values():
        assert "╭─" not in SHOWN.sub("", text)


def test_everything_that_is_played_is_shown(shown: dict[str, str]) -> None:
    assert {name for _, name in NAMES} == set(shown)


def test_numbers_may_differ_and_words_buttons_and_their_order_may_not() -> None:
    card = "╭─ done ─────────────╮\n│ 746 requests in 9 s │\n│ [8] Status   [9] Go │\n╰─────────────────────╯\n"
    other = card.replace("746", "1,046").replace("9 s", "12 min").replace("[8]", "[12]")
    assert kinds(card) == kinds(other)
    for changed in (card.replace("requests", "rows"), card.replace("Go", "Stop"), card.replace("[9] Go", "")):
        assert kinds(changed) != kinds(card)
    assert not framed(card.replace("9 s │", "9 s"))


def test_a_page_is_written_with_what_was_shown_and_nothing_else_of_it_changes() -> None:
    page = "a\n<!-- shown: x -->\n```text\nold\n```\nb\n```text\nkept\n```\n"
    assert written(page, {"x": "new\n\n"}) == page.replace("old", "new")
