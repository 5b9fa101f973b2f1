"""Accessible labels missing from Datasette's own pages, added to its templates when they are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import BaseLoader, Environment

LABELS = {
    "_filter_column": "Column to filter by",
    "_filter_op": "How to compare",
    "_filter_value": "Value to compare with",
    "_sort": "Sort by",
    "sql": "SQL query",
}
_FIELD = re.compile(r'<(?:select|input|textarea)\b[^>]*? name="(?P<name>_filter_(?:column|op|value)|_sort|sql)(?=["_])')


def add_labels(source: str) -> str:
    """Return a template's source with an aria-label on each form field that has no label.

    >>> add_labels('<select name="_filter_op">')
    '<select aria-label="How to compare" name="_filter_op">'
    """
    return _FIELD.sub(lambda m: m[0].replace(" name=", f' aria-label="{LABELS[m["name"]]}" name='), source)


class LabellingLoader(BaseLoader):
    """Loads the templates of another loader and adds labels."""

    def __init__(self, loader: BaseLoader) -> None:
        self.loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, uptodate = self.loader.get_source(environment, template)
        return add_labels(source), filename, uptodate

    def list_templates(self) -> list[str]:
        return self.loader.list_templates()
