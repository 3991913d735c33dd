"""A Docker engine for the tests: the one that is there, else one of our own, started by hand and ended with the session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.kept import CACHE, CannotBuild

HERE = Path(__file__).parent
BASE = "bizaiops-stand-in-base"
STAND_INS = {"python:3.13-slim": "python", "postgres:17": "postgres", "redis:8": "redis", "haproxy:3.0": "haproxy"}
PACKAGES = ("ca-certificates", "python3", "python3-venv", "postgresql-17", "redis-server", "haproxy")
LEFT_OUT = ("doc", "man", "locale")
MIRROR = os.environ.get("BIZAIOPS_DEBIAN_MIRROR", "http://deb.debian.org/debian")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
START_S = 30.0
BUILD_S = 1800.0


class Docker:
    """Calls of the command line. Raises CannotBuild where there is no engine and none can be started."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._daemon = folder, None
        self.environment = dict(os.environ)
        if not self._answers():
            self._daemon = self._started()

    def end(self) -> None:
        """Stops the engine if it is ours, and takes away what it left in the network."""
        if self._daemon is None:
            return
        self._daemon.terminate()
        self._daemon.wait(60)
        subprocess.run(["ip", "link", "delete", "docker0"], capture_output=True, check=False)
        subprocess.run(["iptables", "-P", "FORWARD", "ACCEPT"], capture_output=True, check=False)

    def run(self, *words: str, timeout_s: float = 120.0, given: str | None = None) -> str:
        """What it prints. Raises CannotBuild with the end of what it complained of."""
        done = subprocess.run(
            words,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode:
            raise CannotBuild(f"{' '.join(words[:4])} failed: {(done.stderr or done.stdout)[-1500:]}")
        return done.stdout

    def compose(self) -> list[str]:
        """How compose is called here."""
        for words in (["docker", "compose"], ["docker-compose"]):
            if shutil.which(words[0]) and self._succeeds([*words, "version"]):
                return words
        raise CannotBuild("neither `docker compose` nor docker-compose is installed")

    def stand_ins(self) -> list[str]:
        """Builds what cannot be pulled here from Debian's packages, under the names the compose file uses; those made.

        What is there already is left as it is, whoever made it.
        """
        absent = [image for image in STAND_INS if not self._succeeds(["docker", "image", "inspect", image])]
        if not absent or all(self._succeeds(["docker", "pull", "--quiet", image]) for image in absent):
            return []
        if not self._succeeds(["docker", "image", "inspect", BASE]):
            self.run("docker", "import", str(_base(self)), BASE, timeout_s=BUILD_S)
        for image in absent:
            context = self._folder / STAND_INS[image]
            shutil.copytree(HERE / STAND_INS[image], context, dirs_exist_ok=True)
            shutil.copyfile(CERTIFICATES, context / "ca.crt")
            self.run("docker", "build", "--quiet", "--tag", image, str(context), timeout_s=BUILD_S)
        return absent

    def _answers(self) -> bool:
        return shutil.which("docker") is not None and self._succeeds(["docker", "info"])

    def _succeeds(self, words: list[str]) -> bool:
        done = subprocess.run(words, env=self.environment, capture_output=True, timeout=120, check=False)
        return done.returncode == 0

    def _started(self) -> subprocess.Popen[bytes]:
        if shutil.which("dockerd") is None or os.geteuid() != 0:
            raise CannotBuild("there is no Docker engine, and none can be started: it needs dockerd and root")
        place = self._folder / "engine"
        place.mkdir()
        (place / "daemon.json").write_text("{}")
        self.environment["DOCKER_HOST"] = f"unix://{place}/docker.sock"
        words = ["dockerd", "--config-file", f"{place}/daemon.json", "--data-root", f"{CACHE}/docker"]
        words += ["--exec-root", f"{place}/exec", "-p", f"{place}/pid", "-H", self.environment["DOCKER_HOST"]]
        with (place / "log").open("wb") as log:
            daemon = subprocess.Popen(words, stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while not self._answers():
            if daemon.poll() is not None or time.monotonic() > end:
                daemon.kill()
                raise CannotBuild(f"dockerd did not start: {(place / 'log').read_text()[-1500:]}")
            time.sleep(0.5)
        return daemon


def _base(docker: Docker) -> Path:
    """A small Debian as a tar file, kept by the packages that are in it."""
    kept = CACHE / f"trixie-{'-'.join(PACKAGES)}.tar"
    if kept.exists():
        return kept
    if shutil.which("mmdebstrap") is None:
        raise CannotBuild("images cannot be pulled, and mmdebstrap, which would make them, is not installed")
    sys.stderr.write("\nBuilding a small Debian for the containers, up to 5 minutes\n")
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(".new.tar")
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    wanted = ["--variant=minbase", f"--include={','.join(PACKAGES)}", *left_out]
    docker.run("mmdebstrap", *wanted, "trixie", str(draft), MIRROR, timeout_s=BUILD_S)
    draft.replace(kept)
    return kept
