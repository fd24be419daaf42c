"""Documentation that runs: examples, commands, links; ``docs/cli.md`` is written by this file: ``python tests/test_docs.py``."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mrterms.cli import app

ROOT = Path(__file__).parents[1]
CLI_PAGE = ROOT / "docs" / "cli.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "corpora").rglob("*.md"), *(ROOT / "lexicons").rglob("*.md")])
RUN = [page for page in PAGES if page.parent.name == "docs" or page.name == "README.md"]
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:)([^)#\s]+)")


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """The fenced blocks of a language with the line where each starts."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if found["language"] == language:
            yield text.count("\n", 0, found.start()) + 1, found["code"]


EXAMPLES = [pytest.param(code, id=f"{page.relative_to(ROOT)}:{line}") for page in RUN for line, code in blocks(page, "python")]


@pytest.mark.parametrize("code", EXAMPLES)
def test_python_examples_run(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block stands alone, as a reader copies it; where it shows an answer, that is the answer."""
    monkeypatch.chdir(ROOT)
    if ">>>" not in code:
        exec(compile(code, "example", "exec"), {"__name__": "example"})
        return
    example = doctest.DocTestParser().get_doctest(code, {"__name__": "example"}, "example", None, 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert result.attempted
    assert not result.failed, "".join(told)


def shell_blocks() -> tuple[str, str]:
    first, second, *_ = (code for _, code in blocks(ROOT / "README.md", "sh"))
    return first, second


def test_readme_starts_with_two_complete_set_ups() -> None:
    for code in shell_blocks():
        assert code.startswith("python3 -m venv .venv\n. .venv/bin/activate\n")
        assert re.search(r"^python -m pip install .*\.", code, re.M)
    assert "mrterms annotate corpora/demo" in shell_blocks()[0]
    assert shell_blocks()[1].rstrip().endswith("pytest")


def test_readme_main_job_runs(tmp_path: Path) -> None:
    """The commands behind the installation, in a folder with nothing but the notes."""
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    _, _, commands = shell_blocks()[0].partition("pip install .\n")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path, env=os.environ | {"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "mitral_regurgitation" in done.stdout
    assert "myocardial_infarction" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command, groups before their commands."""
    command = command or typer.main.get_command(app)
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80", "TERM": "dumb"}, prog_name="mrterms")
    assert shown.exit_code == 0, shown.output
    return "\n".join(line.rstrip() for line in shown.output.strip().splitlines())


def cli_page() -> str:
    """``docs/cli.md``: the words before the first command are written by hand, the rest comes from ``--help``."""
    by_hand, _, _ = CLI_PAGE.read_text(encoding="utf-8").partition("\n## ")
    parts = [f"## {' '.join(('mrterms', *path))}\n\n```text\n{help_of(path)}\n```\n" for path in commands()]
    return "\n".join([by_hand.rstrip() + "\n", *parts])


def test_every_command_is_documented() -> None:
    """After a change of an option or a text: ``python tests/test_docs.py``."""
    assert CLI_PAGE.read_text(encoding="utf-8") == cli_page()


@pytest.mark.parametrize("path", [path for path in commands() if path], ids=" ".join)
def test_every_command_says_what_it_does(path: tuple[str, ...]) -> None:
    shown = help_of(path)
    assert "Commands:" in shown or "Example:" in shown


if __name__ == "__main__":
    CLI_PAGE.write_text(cli_page(), encoding="utf-8")
