"""Where the lexicons shipped with mrterms are: the one place that knows."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from mrterms.errors import LexiconError

__all__ = ["lexicon_folder", "shipped_lexicons"]


def lexicon_folder(name: str) -> Traversable:
    """The folder of a shipped lexicon: inside the installed package, or beside it in a checkout.

    Raises :class:`LexiconError` where there is none of that name.
    """
    folder = _root() / name
    if not folder.is_dir():
        raise LexiconError(f"no lexicon {name!r}", file=str(_root()), fix=f"known: {', '.join(shipped_lexicons())}")
    return folder


def shipped_lexicons() -> list[str]:
    """The names of the lexicons that come with mrterms."""
    root = _root()
    return sorted(child.name for child in root.iterdir() if (child / "lexicon.toml").is_file()) if root.is_dir() else []


def _root() -> Traversable:
    packaged = files("mrterms") / "lexicons"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "lexicons"
