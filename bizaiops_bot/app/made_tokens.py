"""Tokens for signing in that the bot makes where nobody has set any, in a file that only its own user can read."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr

from bizaiops_bot.domain.errors import BadInput

NAME = "tokens.json"


def made_tokens(folder: Path, people: Iterable[str]) -> dict[str, SecretStr]:
    """Person id -> token, for each of the people; those made before stay, and who has left loses theirs.

    folder: the data folder. Raises BadInput when the file cannot be read or written.
    """
    kept = read_tokens(folder)
    tokens = {person: kept.get(person) or secrets.token_urlsafe(24) for person in people}
    if tokens != kept:
        _write(folder / NAME, tokens)
    return {person: SecretStr(token) for person, token in tokens.items()}


def read_tokens(folder: Path) -> dict[str, str]:
    """What is kept; {} when none were made. Raises BadInput for a file that is damaged."""
    file = folder / NAME
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise BadInput(f"{file} cannot be read.", f"{exc}.", "Delete it, and new tokens are made.") from exc
    if not isinstance(found, dict) or not all(isinstance(one, str) and one for one in [*found, *found.values()]):
        raise BadInput(f"{file} holds no tokens.", do="Delete it, and new ones are made.")
    return found


def _write(file: Path, tokens: dict[str, str]) -> None:
    """Whole or not at all, and never readable for others, not even for a moment."""
    draft = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(tokens, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError as exc:
        raise BadInput(f"{file} cannot be written.", f"{exc.strerror}.") from exc
