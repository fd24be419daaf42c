"""What is written beside a cleaned table: review file, report, mapping sets; checked before the work begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mrterms.columns.exports import (
    ConceptMap,
    ValueMapping,
    mappings_of,
    write_source_to_concept_map,
    write_sssom,
    write_usagi,
)
from mrterms.columns.records import CleanResult
from mrterms.columns.report import write_report
from mrterms.columns.review import write_review
from mrterms.columns.sheets import check_format, written_whole
from mrterms.errors import ConfigError
from mrterms.lexicon import Lexicon

__all__ = ["EXPORTS", "Outputs", "plan_outputs"]

EXPORTS = ("usagi", "omop", "sssom")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files to write; ``exports`` are pairs of a kind of :data:`EXPORTS` and a file."""

    review: Path | None = None
    report: Path | None = None
    exports: tuple[tuple[str, Path], ...] = ()

    def files(self) -> Iterator[Path]:
        """Every file that will be written."""
        if self.review:
            yield self.review
        if self.report:
            yield self.report
            yield self.report.with_suffix(".json")
        yield from (path for _, path in self.exports)

    def write(self, result: CleanResult, *, lexicon: Lexicon, concept_map: ConceptMap) -> list[str]:
        """Write the files, each complete or not there; return what the user should be told."""
        notes = []
        if self.review and (long := write_review(self.review, result.values, lexicon=lexicon)):
            notes.append(f"{self.review}: {long} values are too long for a cell of Excel and left out (write .tsv)")
        if self.report and not write_report(self.report, result):
            notes.append(f"{self.report}: without plots, which need pip install 'mrterms[report]'")
        if not concept_map:
            unmapped = [str(path) for kind, path in self.exports if kind != "sssom"]
            notes += [f"{path}: no OMOP concepts without --concept-map" for path in unmapped]
        mappings = mappings_of(result.values) if self.exports else []
        for kind, path in self.exports:
            with written_whole(path) as part, part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
                _writer(kind, concept_map, lexicon)(handle, mappings)
        return notes


def plan_outputs(
    *, review: Path | None = None, report: Path | None = None, exports: Sequence[str] = (), taken: Sequence[Path] = ()
) -> Outputs:
    """The outputs that options ask for; ``exports`` are texts such as ``omop=map.csv``, ``taken`` files of other use.

    Raises :class:`ConfigError` and :class:`~mrterms.errors.MissingExtraError` for what would else fail after the work.
    """
    outputs = Outputs(review=review, report=report, exports=tuple(map(_export, exports)))
    if review:
        check_format(review)
    if report and report.suffix.lower() not in (".html", ".htm"):
        raise ConfigError("the report is a page", file=str(report), fix="name it .html; the JSON is written beside it")
    seen = {path.resolve() for path in taken}
    for path in outputs.files():
        if not path.parent.is_dir():
            raise ConfigError("no such folder", file=str(path.parent), fix="make it first")
        if path.resolve() in seen:
            raise ConfigError("this file has another use in the same run", file=str(path), fix="choose another name")
        seen.add(path.resolve())
    return outputs


def _export(option: str) -> tuple[str, Path]:
    kind, separator, path = option.partition("=")
    if kind not in EXPORTS or not separator or not path:
        raise ConfigError(f"--export {option}", fix=f"write KIND=FILE, where KIND is one of {', '.join(EXPORTS)}")
    return kind, Path(path)


def _writer(kind: str, concept_map: ConceptMap, lexicon: Lexicon) -> Callable[[TextIO, list[ValueMapping]], None]:
    if kind == "usagi":
        return lambda handle, mappings: write_usagi(handle, mappings, concept_map)
    if kind == "omop":
        return lambda handle, mappings: write_source_to_concept_map(handle, mappings, concept_map)
    return lambda handle, mappings: write_sssom(handle, mappings, lexicon=lexicon)
