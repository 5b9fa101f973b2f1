"""WARC files: writing captures and reading them back, every record of a file, and revisits.

warcio imports fsspec if it is installed, as s3fs has it, and fsspec reads the entry points of every installed package;
it serves remote files alone, of which there are none here.
"""

import importlib
import sys

if "fsspec" not in sys.modules:
    sys.modules["fsspec"] = None  # type: ignore[assignment]  # importing it fails
    try:
        importlib.import_module("warcio.utils")
    finally:
        del sys.modules["fsspec"]
