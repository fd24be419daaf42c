"""Annotating on Spark, in a local session with two workers; skipped, with the reason, where there is no Java or no PySpark."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language

import mrterms
from mrterms.adapters.writers import flatten
from mrterms.errors import ConfigError, MissingExtraError

ROOT = Path(__file__).parents[1]
# Spark and its bridge to Java warn of many things that are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = [
    "2+ MI, trace TR. No AS.",
    "a cold",
    None,
    "Severe mitral regurgitation. " * 3,
    "",
    "x" * 500,
    "Mother had an MI.",
    "MR of the brain",
]
NOTES = [(f"n{number}", TEXTS[number % len(TEXTS)]) for number in range(24)]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install 'mrterms[spark]'")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java for Spark to run on")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        builder = sql.SparkSession.builder.master("local[2,3]").appName("mrterms tests")  # three attempts a task
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "3",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        }.items():
            builder = builder.config(key, value)
        started = builder.getOrCreate()
        started.sparkContext.setLogLevel("OFF")
        yield started
        started.stop()


@pytest.fixture
def notes(session: Any) -> Any:
    return session.createDataFrame(NOTES, "note_id string, text string").repartition(2)


def test_same_rows_as_in_one_process(notes: Any, nlp: Language) -> None:
    from mrterms import spark

    found = {row.note_id: row for row in spark.annotate(notes, max_chars=400).collect()}
    assert sorted(found) == sorted(note_id for note_id, _ in NOTES)
    for note_id, text in NOTES:
        row = found[note_id]
        if text is None or len(text) > 400:
            assert (row.annotations, row.setting) == (None, None)
            assert row.failure == ("no text" if text is None else "longer than 400 characters")
        else:
            alone = mrterms.annotate(text, nlp=nlp)
            assert (json.loads(row.annotations), row.setting, row.failure) == (list(alone.annotations), alone.setting, None)


@pytest.mark.parametrize("scan", [False, True])
def test_rows_of_mentions(notes: Any, nlp: Language, scan: bool) -> None:
    from mrterms import spark

    found = Counter(tuple(row) for row in spark.annotate(notes, rows="mentions", scan=scan).collect())
    expected: Counter[tuple[Any, ...]] = Counter()
    for note_id, text in NOTES:
        note = mrterms.annotate(text or "", note_id=note_id, nlp=nlp)
        expected.update((*cells.values(), "no text" if text is None else None) for cells in flatten(note.to_dict()))
    assert found == expected


def breaking(flag: Path, how: Callable[[], None]) -> Callable[[str], str]:
    """Passes notes through; at the fifteenth it breaks its task once, when notes before it are annotated already."""
    path = str(flag)

    def passing(note_id: str) -> str:
        import os

        if note_id == "n14" and not os.path.exists(path):
            open(path, "w").close()
            how()
        return note_id

    return passing


def raising() -> Callable[[], None]:
    def fail() -> None:
        raise OSError("the disk went away")

    return fail


def dying() -> Callable[[], None]:
    def fail() -> None:
        import os

        os._exit(9)

    return fail


@pytest.mark.parametrize("how", [raising, dying])
def test_a_partition_that_fails_is_done_again_without_duplicates(
    session: Any, tmp_path: Path, how: Callable[[], Callable[[], None]]
) -> None:
    from pyspark.sql.functions import udf

    from mrterms import spark

    flag = tmp_path / "failed"
    passing = udf(breaking(flag, how()), "string")
    notes = session.createDataFrame(NOTES, "note_id string, text string").coalesce(1)
    notes = notes.select(passing("note_id").alias("note_id"), "text")
    spark.annotate(notes).write.parquet(str(tmp_path / "out"))
    assert flag.exists()
    written = session.read.parquet(str(tmp_path / "out")).collect()
    assert sorted(row.note_id for row in written) == sorted(note_id for note_id, _ in NOTES)
    assert all(json.loads(row.annotations)[0]["concept_id"] == "mitral_regurgitation" for row in written if row.note_id == "n0")


def test_own_lexicon_and_other_ids(session: Any, tmp_path: Path) -> None:
    """A path that no worker has, but for the file that Spark sends along; ids are numbers beyond what a float holds."""
    from mrterms import spark

    terms = tmp_path / "terms_sent_along.tsv"
    terms.write_text("term\tconcept_id\nblue finger\tblue_finger\n")
    session.sparkContext.addFile(str(terms))
    notes = session.createDataFrame([(2**62 + 1, "Blue fingers."), (None, "mild MR")], "`the id` bigint, report string")
    found = spark.annotate(notes, "report", id_column="the id", rows="mentions", lexicons=tmp_path / "absent" / terms.name, builtin=False)
    rows = {row["the id"]: row for row in found.collect()}
    assert {key: (row.concept_id, row.start) for key, row in rows.items()} == {str(2**62 + 1): ("blue_finger", 0), None: (None, None)}


def test_wrong_usage(notes: Any) -> None:
    from mrterms import spark

    for options, said in (
        ({"text_column": "report"}, "no column 'report'"),
        ({"id_column": "doc"}, "no column 'doc'"),
        ({"rows": "words"}, "unknown rows"),
        ({"max_chars": 0}, "max_chars"),
    ):
        with pytest.raises(ConfigError, match=said):
            spark.annotate(notes, **options)
    with pytest.raises(ConfigError, match="not text"):
        spark.annotate(notes.selectExpr("note_id", "length(text) as text"))
    with pytest.raises(ConfigError, match="named like"):
        spark.annotate(notes.withColumnRenamed("note_id", "setting"), id_column="setting")


def test_a_note_that_fails_is_named_and_the_others_done(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that runs in a worker, without Spark."""
    import pandas as pd

    from mrterms import pipeline, spark

    real = pipeline.annotate

    def failing(text: str, **options: Any) -> mrterms.Note:
        if "EXPLODE" in text:
            raise ZeroDivisionError(text)
        return real(text, **options)

    def all_failing(texts: list[str], **options: Any) -> Iterator[mrterms.Note]:
        return (failing(text, nlp=nlp) for text in texts)

    monkeypatch.setattr(pipeline, "annotate", failing)
    monkeypatch.setattr(pipeline, "annotate_many", all_failing)
    monkeypatch.setattr(spark, "_pipeline", lambda load: nlp)
    job = spark._Job("note_id", "notes", ("setting", "annotations", "failure"), False, 100, ())
    (made,) = job.run(iter([pd.DataFrame({"id": ["a", "b"], "text": ["Smith EXPLODE", "mild MR"]})]))
    assert made["failure"].tolist()[1] is None
    assert made["failure"][0].startswith("annotating it failed: ZeroDivisionError in ")
    assert "Smith" not in made["failure"][0]
    assert json.loads(made["annotations"][1])[0]["concept_id"] == "mitral_regurgitation"


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    from mrterms import spark

    monkeypatch.setitem(sys.modules, "pyspark.sql.functions", None)
    with pytest.raises(MissingExtraError, match=r"mrterms\[spark\]"):
        spark.annotate(None)
