"""A compiled lexicon on disk: a folder of numpy arrays and texts, mapped into memory, with a manifest.

``manifest.json`` holds the format's version, counts, and of every file its size and SHA-256, and a SHA-256 of itself.  Opening
checks the manifest and all sizes, and the contents too where they are small; :func:`verify` always checks everything, so that
loading 5 million forms stays quick.  Texts are UTF-8 end to end (``name.bin``) with the places where each begins
(``name.starts.npy``).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from numpy.typing import NDArray
from spacy.strings import get_string_id

from mrterms.errors import LexiconError

__all__ = ["ALONE", "FORMAT", "MANIFEST", "Store", "StoreWriter", "TextWriter", "Texts", "WordTable", "is_store", "string_slots", "verify"]

MANIFEST = "manifest.json"
KIND = "mrterms compiled lexicon"
FORMAT = 1
"""Version of the format; a reader refuses newer ones and says so."""
ALONE = 1
"""Flag of a word that may stand alone for a form of one word."""
_CHECKED_AT_ONCE = 64 * 2**20
"""Bytes up to which opening checks every file's contents (some 50 ms)."""


class Texts(Sequence[str]):
    """Many short texts in one block of memory."""

    def __init__(self, block: NDArray[np.uint8], starts: NDArray[np.int64]) -> None:
        self._block, self._starts = block.data, starts.data  # views of memory give plain numbers, several times faster

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return str(self._block[self._starts[place] : self._starts[place + 1]], "utf-8")


class WordTable:
    """Text → its number, in a hash table with open addressing; only hashes are kept (64 bits, so that none collide in practice)."""

    def __init__(self, keys: NDArray[np.uint64], values: NDArray[np.int32]) -> None:
        self._keys, self._values = keys.data, values.data
        self._last = len(keys) - 1

    def get(self, text: str) -> int:
        """The number of ``text``, -1 where it is not in the table."""
        key: int = get_string_id(text)
        if not key:
            return -1  # the empty text, whose hash marks a free slot
        slot = key & self._last
        keys = self._keys
        while (found := keys[slot]) != key:
            if not found:
                return -1
            slot = slot + 1 & self._last
        return self._values[slot]

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.get(text) >= 0


def string_slots(texts: Iterable[str], values: NDArray[np.int32]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """The arrays of a :class:`WordTable`; of equal texts the first counts."""
    hashes = np.fromiter((get_string_id(text) for text in texts), dtype=np.uint64, count=len(values))
    distinct, first = np.unique(hashes, return_index=True)
    values = values[first]
    size = max(4, 1 << (2 * len(distinct) + 1).bit_length())
    keys, table = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
    slots = (distinct & np.uint64(size - 1)).astype(np.intp)
    while len(distinct):
        free = np.nonzero(keys[slots] == 0)[0]
        keys[slots[free]] = distinct[free]
        placed = keys[slots] == distinct
        table[slots[placed]] = values[placed]
        distinct, values, slots = distinct[~placed], values[~placed], (slots[~placed] + 1) & (size - 1)
    return keys, table


class Store:
    """An opened compiled lexicon. Processes that open the same folder share its memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        whole = sum(entry["size"] for entry in self.manifest["files"].values()) <= _CHECKED_AT_ONCE
        for name, entry in self.manifest["files"].items():
            _check_file(folder / name, entry, contents=whole)

    def __reduce__(self) -> tuple[type[Store], tuple[Path]]:
        return Store, (self.folder,)

    def array(self, name: str) -> NDArray[Any]:
        """An array, mapped read-only."""
        try:
            found: NDArray[Any] = np.load(self._file(f"{name}.npy"), mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise LexiconError(f"damaged: {error}", file=str(self.folder / f"{name}.npy"), fix="build it again") from None
        # a plain view: memmap's own indexing is several times slower
        return np.asarray(found)

    def texts(self, name: str) -> Texts:
        """Texts, mapped read-only."""
        file = self._file(f"{name}.bin")
        block = np.memmap(file, dtype=np.uint8, mode="r") if file.stat().st_size else np.zeros(0, dtype=np.uint8)
        return Texts(np.asarray(block), self.array(f"{name}.starts"))

    def words(self, name: str) -> WordTable:
        """A table of words."""
        return WordTable(self.array(f"{name}.keys"), self.array(f"{name}.values"))

    def _file(self, name: str) -> Path:
        if name not in self.manifest["files"]:
            raise LexiconError(f"{name} is not in the manifest", file=str(self.folder / MANIFEST), fix="build it again")
        return self.folder / name


def is_store(folder: Path) -> bool:
    """Whether a folder looks like a compiled lexicon."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The checked manifest. Raises :class:`LexiconError` where it is none, damaged, or newer than this version reads."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise LexiconError("the file is missing", file=str(path), fix="build the lexicon again") from None
    except ValueError:
        raise LexiconError("damaged: not JSON", file=str(path), fix="build it again") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise LexiconError(f"no manifest of a {KIND}", file=str(path))
    if manifest.get("format", 0) > FORMAT:
        fix = "update mrterms, or build the lexicon again with this version"
        raise LexiconError(
            f"written in format {manifest['format']}, newer than this version of mrterms reads ({FORMAT})", file=str(path), fix=fix
        )
    if manifest.get("sha256") != _own_sum(manifest):
        raise LexiconError("damaged: its checksum does not fit", file=str(path), fix="build it again")
    return manifest


def verify(folder: Path) -> int:
    """Check every byte of a compiled lexicon; gives the number of files. Raises :class:`LexiconError` at the first damage."""
    manifest = read_manifest(folder)
    for name, entry in manifest["files"].items():
        _check_file(folder / name, entry, contents=True)
    return len(manifest["files"])


def _own_sum(manifest: dict[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _check_file(file: Path, entry: dict[str, Any], *, contents: bool) -> None:
    if not file.is_file():
        raise LexiconError("the file is missing", file=str(file), fix="build the lexicon again")
    if (size := file.stat().st_size) != entry["size"]:
        raise LexiconError(f"damaged: {size} bytes instead of {entry['size']}", file=str(file), fix="build the lexicon again")
    if contents and _sum(file) != entry["sha256"]:
        raise LexiconError("damaged: its checksum does not fit", file=str(file), fix="build the lexicon again")


def _sum(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


class TextWriter:
    """Appends texts to a file; only the places where they begin are kept in memory."""

    def __init__(self, file: Path) -> None:
        self._file: IO[bytes] = file.open("wb")
        self._lengths: list[NDArray[np.int64]] = []
        self._recent: list[int] = []
        self.count = 0

    def add(self, text: str) -> int:
        """Append a text; gives its number."""
        data = text.encode("utf-8")
        self._file.write(data)
        self._recent.append(len(data))
        if len(self._recent) >= 65_536:
            self._pack()
        self.count += 1
        return self.count - 1

    def _pack(self) -> None:
        self._lengths.append(np.array(self._recent, dtype=np.int64))
        self._recent = []

    def close(self) -> NDArray[np.int64]:
        """Where each text begins, and the end of the last."""
        if not self._file.closed:
            self._file.close()
            self._pack()
        starts = np.zeros(self.count + 1, dtype=np.int64)
        np.cumsum(np.concatenate(self._lengths), out=starts[1:])
        return starts


class StoreWriter:
    """Writes a compiled lexicon into ``folder.part`` and moves it into place when all is there."""

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        if folder.exists() and not (overwrite and is_store(folder)):
            fix = "choose another folder" if not is_store(folder) else "remove it, choose another, or say --overwrite"
            raise LexiconError("the folder exists", file=str(folder), fix=fix)
        self._folder = folder
        self._part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)
        self._texts: dict[str, TextWriter] = {}

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for texts in self._texts.values():
            texts.close()
        shutil.rmtree(self._part, ignore_errors=True)

    def texts(self, name: str) -> TextWriter:
        """A file of texts to append to."""
        self._texts[name] = TextWriter(self._part / f"{name}.bin")
        return self._texts[name]

    def array(self, name: str, array: NDArray[Any]) -> None:
        """Write an array."""
        np.save(self._part / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)

    def words(self, name: str, texts: Iterable[str], values: NDArray[np.int32]) -> None:
        """Write a table of words."""
        keys, table = string_slots(texts, values)
        self.array(f"{name}.keys", keys)
        self.array(f"{name}.values", table)

    def finish(self, **facts: Any) -> None:
        """Write the manifest and move the folder into place."""
        for name, texts in self._texts.items():
            self.array(f"{name}.starts", texts.close())
        files = {file.name: {"size": file.stat().st_size, "sha256": _sum(file)} for file in self._files()}
        manifest = {"kind": KIND, "format": FORMAT, **facts, "files": files}
        manifest["sha256"] = _own_sum(manifest)
        (self._part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._part.rename(self._folder)

    def _files(self) -> Iterator[Path]:
        yield from sorted(self._part.iterdir())
