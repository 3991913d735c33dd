"""Sentence vectors of texts that do not change, kept in a file between starts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

_LOG = logging.getLogger(__name__)
Floats = npt.NDArray[np.float32]


def kept(name: str, texts: list[str], encode: Callable[[list[str]], Floats], known: list[Path]) -> Floats:
    """Read from the first folder of `known` that has the file `name`, else made anew and written to the last."""
    for folder in known:
        try:
            vectors: Floats = np.load(folder / name).astype(np.float32)
        except (OSError, ValueError, EOFError):
            continue
        if len(vectors) == len(texts):
            return vectors
    vectors = encode(texts)
    if known and vectors.shape[1]:
        _keep(known[-1] / name, vectors)
    return vectors


def _keep(path: Path, vectors: Floats) -> None:
    """Whole or not at all; a folder that cannot be written costs the next start two seconds."""
    scratch = path.with_suffix(f".{id(vectors)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            np.save(file, vectors.astype(np.float16))
        scratch.replace(path)
    except OSError as error:
        _LOG.warning("what was learned cannot be kept in %s (%s)", path, error)
