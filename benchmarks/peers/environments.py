"""An environment of its own for each peer, kept in a folder, so that the next run is quick."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from peers.registry import Peer

__all__ = ["PeerError", "python_of"]


class PeerError(Exception):
    """Why a peer has no figures in this run."""


def python_of(peer: Peer, *, folder: Path, limit_s: float) -> Path:
    """The Python of a peer's environment, made where there is none. Raises :class:`PeerError` where it cannot be installed."""
    if not peer.requires:
        return Path(sys.executable)
    key = hashlib.sha256(f"{sys.version_info[:2]} {peer.requires}".encode()).hexdigest()[:8]
    home = folder / f"{peer.adapter}-{key}"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        _install(peer, home, python, limit_s)
        (home / "ready").touch()
    return python


def _install(peer: Peer, home: Path, python: Path, limit_s: float) -> None:
    if uv := shutil.which("uv"):
        make = [uv, "venv", "-q", "-p", sys.executable, str(home)]
        install = [uv, "pip", "install", "-q", "-p", str(python), *peer.requires]
    else:
        make = [sys.executable, "-m", "venv", str(home)]
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *peer.requires]
    end = time.monotonic() + limit_s
    for command in (make, install):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=end - time.monotonic())
        except subprocess.TimeoutExpired:
            raise PeerError(f"not installed within {limit_s:.0f} s") from None
        except subprocess.CalledProcessError as error:
            said = [line.strip() for line in error.stderr.splitlines() if line.strip()]
            raise PeerError(f"not installed: {said[-1] if said else 'no reason given'}") from None
