"""``python -m mrterms``."""

from __future__ import annotations

from mrterms.cli import main

if __name__ == "__main__":
    main()
