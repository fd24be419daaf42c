"""Public names: declared, there, and cheap to import."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import mrterms
from mrterms import errors

MODULES = sorted(one.name for one in pkgutil.walk_packages(mrterms.__path__, "mrterms.") if not one.name.endswith("__main__"))
PROMISED = {"annotate", "annotate_many", "load", "normalize"}


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after ``code``."""
    command = [sys.executable, "-c", f"{code}; import json, sys; print(json.dumps(list(sys.modules)))"]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", ["mrterms", *MODULES])
def test_public_names_are_there(name: str) -> None:
    """A package's ``__init__`` may be bare; every module says what is public. (That the lists are sorted, ruff checks.)"""
    module = import_module(name)
    assert hasattr(module, "__all__") or hasattr(module, "__path__")
    for one in getattr(module, "__all__", ()):
        assert getattr(module, one) is not None


def test_promised_calls_are_there() -> None:
    assert PROMISED.issubset(mrterms.__all__)
    with pytest.raises(AttributeError, match="no attribute 'anotate'"):
        mrterms.anotate  # noqa: B018


def test_errors_form_one_tree_that_the_docstring_draws() -> None:
    assert errors.__doc__
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.MrtermsError)
        assert name in errors.__doc__
        assert getattr(mrterms, name) is getattr(errors, name)


def test_import_does_no_work() -> None:
    held = modules_after("import mrterms")
    assert not held & {"spacy", "pandas", "numpy", "rapidfuzz", "typer", "rich"}


def test_spacy_gets_no_pandas_from_us() -> None:
    """spaCy imports every factory's module when any pipeline is made, also in programs that never use mrterms."""
    assert not modules_after("import spacy; spacy.blank('en')") & {"pandas", "pyarrow", "sklearn"}


def test_pipeline_needs_core_dependencies_only() -> None:
    assert not modules_after("import mrterms; mrterms.load()('2+ MI')") & {"pandas", "pyarrow", "sklearn", "hypothesis"}


def test_help_of_the_command_is_quick_to_come() -> None:
    assert "spacy" not in modules_after("import mrterms.cli")
