"""What is asked of a thing that is not named: the nearest sentences of `aspects.yaml` by meaning."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from bizaiops_bot.domain.yaml_loader import LOADER
from bizaiops_bot.handbook import vectors
from bizaiops_bot.router import encoder

NONE, CONSENT, REMARK = "none", "consent", "remark"
_FILE = Path(__file__).with_name("aspects.yaml")
_NEAREST = 2
"""Sentences of an aspect that are compared: of one 62% are taken rightly, of two 65% (each left out)."""


class Aspects:
    """Learned from sentences alone: encode is the router's, known the folders that may have their vectors."""

    def __init__(self, encode: Callable[[list[str]], npt.NDArray[np.float32]], known: list[Path]) -> None:
        self._encode, self._known = encode, known

    def near(self, text: str) -> dict[str, float]:
        """Aspect -> cosine of lower-case `text` to its nearest sentences; empty where no encoder works."""
        known = self._vectors
        asked = self._encode([text])[0]
        if not len(asked) or known.shape[1] != len(asked):
            return {}
        cosines = np.einsum("nd,d->n", known, asked)
        found: dict[str, list[float]] = {}
        for (aspect, _), cosine in zip(self._rows, cosines.tolist(), strict=True):
            found.setdefault(aspect, []).append(cosine)
        return {aspect: float(np.mean(sorted(near)[-_NEAREST:])) for aspect, near in found.items()}

    def warm(self) -> None:
        """Reads or makes now what the first sentence would wait for."""
        self.near("and now?")

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of the sentences."""
        return frozenset(re.findall(r"[a-z][a-z-]+", " ".join(text for _, text in self._rows)))

    @cached_property
    def _rows(self) -> list[tuple[str, str]]:
        said: dict[str, list[str]] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=LOADER)
        return [(aspect, text) for aspect, texts in said.items() for text in texts]

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float32]:
        texts = [text for _, text in self._rows]
        name = f"aspects-{hashlib.sha256(json.dumps([encoder.fingerprint(), texts]).encode()).hexdigest()[:16]}.npy"
        return vectors.kept(name, texts, self._encode, self._known)
