"""Where the lexicons shipped with mrterms are: the one place that knows."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mrterms.errors import LexiconError

__all__ = ["lexicon_folder"]


def lexicon_folder(name: str) -> Traversable:
    """The folder of a shipped lexicon: inside the installed package, or beside it in a checkout.

    Raises :class:`LexiconError` where there is none of that name.
    """
    packaged = files("mrterms") / "lexicons"
    root: Traversable = packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "lexicons"
    folder = root / name
    if not folder.is_dir():
        known = sorted(child.name for child in root.iterdir() if child.is_dir()) if root.is_dir() else []
        raise LexiconError(f"no lexicon {name!r}", file=str(root), fix=f"known: {', '.join(known)}")
    return folder
