"""Parquet in row groups of a thousand articles. The only module that needs pyarrow (extra `parquet`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from newsarchive.export.files import ExportError
from newsarchive.export.records import FIELDS, Field, Job, Record

ROWS = 1000


def write_parquet(job: Job, file: IO[bytes]) -> None:
    """Write the articles with typed columns: integers, strings, lists. Raises ExportError if pyarrow is missing."""
    records = job.records()
    with parquet_file(file, FIELDS) as table:
        while rows := list(islice(records, ROWS)):
            table.write(rows)


class ParquetTable:
    """A Parquet file that is being written."""

    def __init__(self, writer: Any, fields: Sequence[Field]) -> None:
        self._writer, self._fields = writer, fields

    def write(self, rows: Sequence[Record]) -> None:
        """Append a row group."""
        import pyarrow  # type: ignore[import-untyped]

        schema = self._writer.schema
        columns = [
            pyarrow.array([row[f.name] for row in rows], type=schema.field(number).type)
            for number, f in enumerate(self._fields)
        ]
        self._writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


@contextmanager
def parquet_file(target: IO[bytes] | Path, fields: Sequence[Field]) -> Iterator[ParquetTable]:
    """Yield a Parquet file with typed columns, complete at the end. Raises ExportError if pyarrow is missing."""
    require_parquet()
    import pyarrow
    import pyarrow.parquet  # type: ignore[import-untyped]

    kinds: dict[str, Any] = {
        "string": pyarrow.string(),
        "integer": pyarrow.int64(),
        "array": pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema(
        [pyarrow.field(f.name, kinds[f.kind], metadata={"description": f.description}) for f in fields]
    )
    with pyarrow.parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        yield ParquetTable(writer, fields)


def require_parquet() -> None:
    """Raise ExportError if pyarrow is missing. It is optional, and loading it takes longer than most commands."""
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError as error:
        raise ExportError("Parquet needs pyarrow; install newsarchive[parquet].") from error
