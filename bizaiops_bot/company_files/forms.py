"""What the types of a company's files share: a field's line of the reference is the sentence under it."""

from __future__ import annotations

from pydantic import ConfigDict

from bizaiops_bot.domain.values import Value


class FileForm(Value):
    """A part of a file; a name that is not there is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
