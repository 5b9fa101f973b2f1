"""Labels that Datasette's own pages lack, put into its templates as they are loaded."""

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
    """A template whose fields without a label get one that screen readers say.

    >>> add_labels('<select name="_filter_op">')
    '<select aria-label="How to compare" name="_filter_op">'
    """
    return _FIELD.sub(lambda m: m[0].replace(" name=", f' aria-label="{LABELS[m["name"]]}" name='), source)


class LabellingLoader(BaseLoader):
    """Another loader's templates with labels."""

    def __init__(self, loader: BaseLoader) -> None:
        self.loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, uptodate = self.loader.get_source(environment, template)
        return add_labels(source), filename, uptodate

    def list_templates(self) -> list[str]:
        return self.loader.list_templates()
