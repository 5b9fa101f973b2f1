"""Parquet in row groups of a thousand articles. The only module that needs pyarrow (extra `parquet`)."""

from __future__ import annotations

from itertools import islice
from typing import IO, Any

from newsarchive.export.files import ExportError
from newsarchive.export.records import FIELDS, Job

ROWS = 1000


def write_parquet(job: Job, file: IO[bytes]) -> None:
    """Write the articles with typed columns: integers, strings, lists. Raises ExportError if pyarrow is missing."""
    try:
        # Imported late: pyarrow is optional, and loading it takes longer than most commands.
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise ExportError("Parquet needs pyarrow; install newsarchive[parquet].") from error
    kinds: dict[str, Any] = {
        "string": pyarrow.string(),
        "integer": pyarrow.int64(),
        "array": pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema(
        [pyarrow.field(f.name, kinds[f.kind], metadata={"description": f.description}) for f in FIELDS]
    )
    records = job.records()
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while rows := list(islice(records, ROWS)):
            columns = [pyarrow.array([row[f.name] for row in rows], type=kinds[f.kind]) for f in FIELDS]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
