"""Changes to Datasette's own templates when they are loaded: labels, the order of a page, the first table to query."""

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


_FOLDED_FACETS = '<details><summary>More facets</summary>{% include "_suggested_facets.html" %}</details>'
_REPLACED = (
    # The rows of a table come first; what its columns mean is below a line that opens it.
    ('<dl class="column-descriptions">', '<details class="columns-meaning"><summary>Columns</summary>\n<dl>'),
    ("</dl>\n{% endif %}\n\n{% if filtered_table", "</dl></details>\n{% endif %}\n\n{% if filtered_table"),
    ('{% include "_suggested_facets.html" %}', _FOLDED_FACETS),
    # The view for people comes first, not the table that is first by name.
    ("select * from {{ tables[0].name|escape_sqlite }}", "select * from archive order by published desc limit 50"),
)


def put_first(source: str) -> str:
    """Return a template's source with what a reader wants first."""
    for old, new in _REPLACED:
        source = source.replace(old, new)
    return source


class LabellingLoader(BaseLoader):
    """Loads the templates of another loader, labelled and in a reader's order."""

    def __init__(self, loader: BaseLoader) -> None:
        self.loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, uptodate = self.loader.get_source(environment, template)
        return put_first(add_labels(source)), filename, uptodate

    def list_templates(self) -> list[str]:
        return self.loader.list_templates()
