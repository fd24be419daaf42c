"""What ships is what git holds: the package and its lexicons, in one folder, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
STRAYS = {
    "git-ignored": ("lexicons/valve/__pycache__/terms.cpython-311.pyc", "lexicons/clinical/dist/terms.tsv"),
    "no part of a lexicon": tuple(f"lexicons/valve/{name}" for name in ("MRCONSO.RRF", "terms.xlsx", "patients.csv", "terms.tsv~")),
}


def git_files(*folders: str) -> list[str]:
    """Paths that git holds and that stand in the work tree; the test is skipped where this is no git checkout."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs a git checkout")
    # A checkout may belong to another user (containers); listing its files is harmless.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [path for path in listed if path and (ROOT / path).exists()]


def build(kind: str, source: Path, target: Path) -> Path:
    """Build with the hatchling that is installed: no network."""
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.iterdir()
    return built


def files_of_wheel(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def test_wheel_holds_what_git_holds(wheel: Path) -> None:
    expected = {f"mrterms/{path}" if path.startswith("lexicons/") else path for path in git_files("mrterms", "lexicons")}
    shipped = {name for name in files_of_wheel(wheel) if ".dist-info/" not in name}
    assert shipped - expected == set(), "in the wheel but not in git: add them to git, or to .gitignore"
    assert expected - shipped == set(), "in git but not in the wheel: see exclude in [tool.hatch.build.targets.wheel]"


def test_wheel_keeps_to_its_own_folders(wheel: Path) -> None:
    names = [PurePosixPath(name) for name in files_of_wheel(wheel)]
    assert {name.parts[0] for name in names} == {"mrterms", wheel.name.split("-py3")[0] + ".dist-info"}
    assert not [name for name in names if "tests" in name.parts or "__pycache__" in name.parts]


def test_wheel_names_licence_and_entry_points(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        inside = {PurePosixPath(name).name: name for name in opened.namelist() if ".dist-info/" in name}
        entry_points = opened.read(inside["entry_points.txt"]).decode()
        metadata = opened.read(inside["METADATA"]).decode()
    assert "LICENSE" in inside
    assert "mrterms = mrterms.cli" in entry_points
    assert "[spacy_factories]" in entry_points
    assert "License-Expression: MIT" in metadata
    core = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert {re.split(r"[^\w-]", line.split(": ")[1])[0] for line in core} == {
        "fastobo",
        "jinja2",
        "numpy",
        "pandas",
        "rapidfuzz",
        "rich",
        "spacy",
        "typer",
    }


def test_strays_do_not_ship(tmp_path: Path) -> None:
    """A licensed terminology or a table of patients, left in lexicons/ by mistake, stays where it is."""
    copy = tmp_path / "copy"
    for path in (*git_files("mrterms", "lexicons"), "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    (copy / ".git").mkdir()  # as in a checkout: hatchling reads .gitignore up to here
    for path in (stray for strays in STRAYS.values() for stray in strays):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text("stray\n")
    shipped = files_of_wheel(build("wheel", copy, tmp_path / "dist"))
    assert len(shipped) > 20
    for reason, strays in STRAYS.items():
        assert [stray for stray in strays if f"mrterms/{stray}" in shipped] == [], reason


def test_sdist_builds_and_holds_the_tests(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path / "dist")) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/test_packaging.py", "lexicons/valve/terms.tsv", "mrterms/py.typed"} <= names
    assert not [name for name in names if name.startswith((".venv", "dist/", ".git/"))]
