"""Which of trafilatura's private interfaces an update changed; they are used in three modules only."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest
from trafilatura import external
from trafilatura.xpaths import BODY_XPATH

import newsarchive
from newsarchive.extraction import frames
from newsarchive.extraction.quick_extractor import EXPRESSIONS

PRIVATE = {
    "trafilatura.htmlprocessing": {
        "delete_by_link_density": ["subtree", "tagname", "backtracking", "favor_precision"],
        "convert_tags": ["tree", "options", "url"],
        "prune_unwanted_nodes": ["tree", "nodelist", "with_backup"],
        "tree_cleaning": ["tree", "options"],
    },
    "trafilatura.main_extractor": {"extract_content": ["cleaned_tree", "options"]},
    "trafilatura.settings": {"Extractor": None, "MANUALLY_CLEANED": None},
    "trafilatura.xpaths": {
        "RAW_TREE_PRUNE_XPATH": None,
        "REMOVE_COMMENTS_AND_LISTS_XPATH": None,
        "BODY_XPATH": None,
        "OVERALL_DISCARD_XPATH": None,
        "REMOVE_COMMENTS_XPATH": None,
        "TEASER_DISCARD_XPATH": None,
    },
}


@pytest.mark.parametrize(("module", "name"), [(m, name) for m, names in PRIVATE.items() for name in names])
def test_a_private_interface_is_as_it_is_used(module: str, name: str) -> None:
    found = getattr(import_module(module), name, None)
    assert found is not None, f"{module} has no {name} any more"
    if expected := PRIVATE[module][name]:
        assert list(inspect.signature(found).parameters) == expected


def test_no_other_module_uses_them() -> None:
    package = Path(newsarchive.__file__).parent
    users: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trafilatura."):
                users.setdefault(path.relative_to(package).as_posix(), set()).update(
                    f"{node.module}.{alias.name}" for alias in node.names
                )
    assert users == {
        "extraction/marking.py": {f"{m}.{name}" for m, names in PRIVATE.items() for name in names} - QUICK - FRAMES,
        "extraction/frames.py": FRAMES,
        "extraction/quick_extractor.py": QUICK,
    }


QUICK = {"trafilatura.htmlprocessing.delete_by_link_density"}
FRAMES = {
    "trafilatura.settings.MANUALLY_CLEANED",
    *(
        f"trafilatura.xpaths.{name}"
        for name in ("BODY_XPATH", "OVERALL_DISCARD_XPATH", "REMOVE_COMMENTS_XPATH", "TEASER_DISCARD_XPATH")
    ),
}


def test_every_expression_for_a_frame_is_known() -> None:
    assert frames._is_unknown not in [frames._test(expression) for expression in BODY_XPATH]


def test_the_last_extractor_keeps_its_stop_words_where_they_are_set() -> None:
    code = inspect.getsource(external.try_justext)
    assert "JT_STOPLIST or jt_stoplist_init()" in code
    assert set(external.jt_stoplist_init()) >= {"және", "the", "и"}


@pytest.mark.parametrize("name", ["deepcopy", "delete_by_link_density", "extract_content", *EXPRESSIONS])
def test_the_main_extractor_has_what_its_copy_changes(name: str) -> None:
    assert hasattr(import_module("trafilatura.main_extractor"), name)
