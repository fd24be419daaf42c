"""The errors of mrterms.

    MrtermsError
    ├── LexiconError      a lexicon's file is missing, malformed or contradicts itself (also a ValueError)
    ├── ConfigError       an option is unknown or has an impossible value (also a ValueError)
    ├── CorpusError       a gold file is malformed (also a ValueError)
    ├── InputError        an input cannot be read at all (also a ValueError)
    └── MissingExtraError an optional dependency is not installed (also an ImportError)

Messages name what was found, where, and how to mend it. They never carry the text of a note: that is patient data.
"""

from __future__ import annotations

__all__ = ["ConfigError", "CorpusError", "InputError", "LexiconError", "MissingExtraError", "MrtermsError"]


class MrtermsError(Exception):
    """Base of every error that mrterms raises on purpose."""


class _LocatedError(MrtermsError, ValueError):
    """An error with a place: ``file`` and ``line`` (1-based) where they are known."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None, fix: str | None = None) -> None:
        self.message, self.file, self.line, self.fix = message, file, line, fix
        super().__init__(message, file, line, fix)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}" + (f" ({self.fix})" if self.fix else "")


class LexiconError(_LocatedError):
    """A lexicon's file is missing, malformed or contradicts itself."""


class ConfigError(_LocatedError):
    """An option is unknown or has an impossible value."""


class CorpusError(_LocatedError):
    """A gold file is malformed."""


class InputError(_LocatedError):
    """An input cannot be read at all."""


class MissingExtraError(MrtermsError, ImportError):
    """An optional dependency is not installed; the message tells the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package} is needed for this: pip install 'mrterms[{extra}]'")
