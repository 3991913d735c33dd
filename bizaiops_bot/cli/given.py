"""What the command line gives on top of the environment, and how a command ends that cannot go on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.settings import Settings, load_settings, unusable

CompanyDir = Annotated[
    Path | None, typer.Option(help="Folder of a company in files [default: BIZAIOPS_COMPANY_DIR, else none].")
]


def settings_with(top: dict[str, Any], embedded: dict[str, Any], company: Path | None) -> Settings:
    """Settings of the environment and the company's folder, with the command line's on top; ends with exit code 2 when
    one is unusable.
    """
    try:
        settings = load_settings(company=company)
        given = {k: v for k, v in top.items() if v is not None}
        chosen = {**settings.embedded.model_dump(), **embedded}
        return Settings.model_validate({**dict(settings), **given, "embedded": chosen})
    except ValidationError as exc:
        fail(str(unusable(exc, lambda path: f"--{path[-1].replace('_', '-')}")), code=2)
    except BotError as exc:
        fail(str(exc), code=2)


def fail(message: str, *, code: int) -> NoReturn:
    """Says why on standard error and ends with that exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
