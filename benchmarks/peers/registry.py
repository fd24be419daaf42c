"""The peers: what each is, what it needs and what it does, from peers.tsv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BLANK", "Peer", "read_peers"]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One program. Without ``requires`` it runs in the Python that runs the benchmark."""

    name: str
    adapter: str
    requires: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    fuzzy: str = "no"
    sense: str = "no"
    status: str = "no"
    what: str = ""


BLANK = Peer(name='spacy.blank("en")', adapter="blank")


def read_peers() -> list[Peer]:
    with Path(__file__).with_name("peers.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            Peer(
                name=row["name"],
                adapter=row["adapter"],
                requires=tuple(row["requires"].split()),
                parts=tuple(row["parts"].split()),
                fuzzy=row["fuzzy"],
                sense=row["sense"],
                status=row["status"],
                what=row["what it is"],
            )
            for row in csv.DictReader(lines, delimiter="\t")
        ]
