"""Query parameters of the JSON interface: declared once, checked on each request, and described in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsarchive.browse.api.problems import ParameterError

LIMIT, MOST = 50, 1000
"""Number of items of a page: by default, and at most."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter; `schema` is its JSON Schema, of type string, integer, boolean, or an array of strings."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False

    def read(self, values: Sequence[str]) -> Any:
        """Return the value that was given, or the default. Raises ParameterError."""
        if not values:
            if self.required:
                raise ParameterError(self.name, f"The parameter “{self.name}” is required.")
            return [] if self.schema["type"] == "array" else self.schema.get("default")
        if self.schema["type"] == "array":
            return self._several(values)
        if len(values) > 1:
            raise ParameterError(self.name, f"The parameter “{self.name}” is given {len(values)} times; give it once.")
        return _READERS[self.schema["type"]](self, values[0])

    def _several(self, values: Sequence[str]) -> list[str]:
        most = self.schema["maxItems"]
        if len(values) > most:
            raise ParameterError(
                self.name, f"The parameter “{self.name}” is given {len(values)} times; at most {most}."
            )
        return list(values)

    def text(self, value: str) -> str:
        """Return a string, if it is one of those allowed. Raises ParameterError."""
        choices = self.schema.get("enum", [value])
        if value not in choices:
            raise ParameterError(self.name, f"Invalid {self.name} “{value}”; choose {_listed(choices)}.")
        return value

    def integer(self, value: str) -> int:
        """Return an integer within its bounds. Raises ParameterError."""
        least, most = self.schema.get("minimum", 1), self.schema.get("maximum", 1 << 53)
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 17 else -1
        if not least <= number <= most:
            bounds = f"from {least} to {most}" if "maximum" in self.schema else f"of at least {least}"
            raise ParameterError(self.name, f"Invalid {self.name} “{value}”; give a whole number {bounds}.")
        return number

    def boolean(self, value: str) -> bool:
        """Return a truth value. Raises ParameterError."""
        if value not in ("true", "false"):
            raise ParameterError(self.name, f"Invalid {self.name} “{value}”; choose true or false.")
        return value == "true"


_READERS = {"string": Parameter.text, "integer": Parameter.integer, "boolean": Parameter.boolean}


def read_parameters(parameters: Sequence[Parameter], form: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the values of all parameters by name. Raises ParameterError, also for unknown names."""
    known = [parameter.name for parameter in parameters]
    for name in form:
        if name not in known:
            hint = f"known are {_listed(known)}" if known else "this address takes none"
            raise ParameterError(name, f"Unknown parameter “{name}”; {hint}.")
    return {parameter.name: parameter.read(_given(form.get(parameter.name, ()))) for parameter in parameters}


def _given(values: Sequence[str]) -> list[str]:
    plain = ("".join(c if c.isprintable() else " " for c in value).strip() for value in values)
    return [value for value in plain if value]


def _listed(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _string(name: str, description: str, **schema: Any) -> Parameter:
    required = schema.pop("required", False)
    return Parameter(name=name, description=description, schema={"type": "string", **schema}, required=required)


QUERY = _string("q", "Words in any form, or a query in the syntax of the search page.")
SITE = _string("site", "The site's name, as in /api/sites.")
SINCE = _string("since", "First day, month or year: 2025-02-18, 2025-02 or 2025.")
UNTIL = _string("until", "Last day, month or year.")
FILTERS = (
    SITE,
    _string("author", "The author's name."),
    _string("category", "The category's name."),
    _string("tag", "The tag's name."),
    _string("language", "The language's code, such as kk."),
    SINCE,
    UNTIL,
)
PAGE = (
    Parameter(
        name="limit",
        description="Maximum number of items.",
        schema={"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
    ),
    _string("cursor", "Where the page begins: taken from `next` of the page before."),
)
FORMAT = _string(
    "format", "The items as JSON, or as CSV; the next page is then in the header Link.", enum=["json", "csv"],
    default="json",
)  # fmt: skip
