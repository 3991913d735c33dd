"""Catalogues that are read at the start: the embedded company's own, and a company's files alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

from bizaiops_bot.adapters.known_models import KnownModels
from bizaiops_bot.app import own_content
from tests.contract.stands.stand import ModelsStand
from tests.support.tiny_company import tiny_streams


class EmbeddedModelsStand(ModelsStand):
    """It has no system of its own."""

    name = "embedded"
    names: ClassVar = ("churn", "demand")

    def __init__(self, folder: Path) -> None:
        self.port = KnownModels(stream.info for stream in tiny_streams())


class CompanyFilesStand(ModelsStand):
    """The files say which models there are; broken, they are gone."""

    name = "company-files"
    names: ClassVar = ("card-fraud", "churn", "lead_score")

    def __init__(self, folder: Path) -> None:
        self._models = folder / "models"
        self._models.mkdir()
        for name in reversed(self.names):
            (self._models / f"{name}.yaml").write_text(f"owner: team {name[0]}\n", encoding="utf-8")
        self.port = KnownModels(own_content.told(own_content.model_files(folder, None), []))

    def break_(self) -> None:
        shutil.rmtree(self._models)
