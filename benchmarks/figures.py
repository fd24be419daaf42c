"""What the benchmarks do with their figures: print them, and keep them as JSON and Markdown where that is asked for."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["add_options", "keep"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--json`` and ``--md``."""
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--md", type=Path, help="file to write the table to")


def keep(options: argparse.Namespace, report: Mapping[str, Any], markdown: str) -> None:
    """Print the table; write the files that the options name."""
    print(markdown)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.md:
        options.md.write_text(markdown, encoding="utf-8")
