"""What newsarchive raises on purpose has one root."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import newsarchive
from newsarchive.errors import NewsArchiveError


def test_every_exception_of_ours_is_a_news_archive_error() -> None:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(newsarchive.__path__, "newsarchive.")
        if not module.name.endswith("__main__")
    ]
    classes = {
        value
        for module in modules
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, Exception) and value.__module__.startswith("newsarchive")
    }
    assert len(classes) > 10
    assert [value for value in classes if not issubclass(value, NewsArchiveError)] == []
