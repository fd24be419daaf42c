"""``mrterms lexicon lint``: exit code and output."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from mrterms.cli.lexicon import app


def test_clean_lexicons_exit_with_0() -> None:
    result = CliRunner().invoke(app, ["lint"])
    assert result.exit_code == 0
    assert result.stdout == ""


def test_findings_exit_with_1_and_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "lexicon.toml").write_text('name = "x"\nversion = "1"\nformat = 1\n', encoding="utf-8")
    (tmp_path / "concepts.tsv").write_text("concept_id\tpreferred_name\tsemantic_type\na\tA\tillness\n", encoding="utf-8")
    (tmp_path / "terms.tsv").write_text("term\tconcept_id\tkind\nalpha\ta\tsynonym\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["lint", str(tmp_path)])
    assert result.exit_code == 1
    assert "concepts.tsv:2: error: unknown semantic_type 'illness'" in result.stdout.replace("\n", " ")
