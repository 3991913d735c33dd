"""A token is found in a file however an editor or a shell has written it, and one that can never work is refused at the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.settings import load_settings
from bizaiops_bot.surfaces.token_file import read_token


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token"


@pytest.mark.parametrize(
    "content",
    [
        b"secret",
        b"secret\n",
        b"secret\r\n",
        b"  secret \t\n\n",
        b"\xef\xbb\xbfsecret\n",
        "secret\r\n".encode("utf-16"),
        b"\xfe\xff" + "secret".encode("utf-16-be"),
        "secret".encode("utf-32"),
    ],
)
def test_a_token_is_read_without_what_editors_put_around_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert read_token(file) == "secret"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        ("pässwörd".encode(), "not ASCII"),
        ("“secret”".encode(), "not ASCII"),
        (b"p\xe4ss", "no text file"),
        (b"one\ntwo", "more than one line"),
        (b"sec\x00ret", "control character"),
    ],
)
def test_a_file_without_a_usable_token_is_refused_without_telling_what_is_in_it(
    file: Path, content: bytes, why: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(BadInput, match=why) as told:
        read_token(file)
    assert str(file) in str(told.value)
    assert not any(word in str(told.value) for word in ("rd", "secret", "p\xe4ss", "two"))


def test_a_folder_and_a_missing_file_are_refused_with_the_reason(file: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be read\. No such file"):
        read_token(file)
    with pytest.raises(BadInput, match=r"cannot be read\. Is a directory"):
        read_token(file.parent)


def test_no_file_is_no_token() -> None:
    assert read_token(None) is None


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        ({"lead": "pässwörd"}, "the token of lead has letters that are not ASCII"),
        ({"lead": ""}, "the token of lead is empty"),
        ({"lead": " secret"}, "the token of lead begins or ends with a space"),
        ({"lead": "secret\n"}, "the token of lead begins or ends with a space"),
        ({"lead": "sec\nret"}, "the token of lead has more than one line"),
        ({"lead": "secret", "sre": "secret"}, "lead and sre have the same token"),
    ],
)
def test_tokens_that_nobody_could_sign_in_with_stop_the_start(
    tokens: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIZAIOPS_TOKENS", json.dumps(tokens))
    with pytest.raises(BadInput) as told:
        load_settings()
    assert why.casefold() in str(told.value).casefold() and "BIZAIOPS_TOKENS" in str(told.value)
    assert "ret" not in str(told.value) and "rd" not in str(told.value).replace("nobody could", "")


def test_tokens_of_several_words_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZAIOPS_TOKENS", json.dumps({"lead": "a long random word"}))
    assert load_settings().tokens["lead"].get_secret_value() == "a long random word"
