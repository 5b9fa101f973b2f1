"""What a WACZ file says of the files in it (WACZ 1.1.1, section 6.1): their digests."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from pathlib import Path

from newsarchive.captures.digests import digest_value

_PACKAGE = "datapackage.json"
_MOST = 16 << 20


def stated_digests(file: zipfile.ZipFile) -> dict[str, str]:
    """Return the digest of each file in a WACZ file, by its name there; none if it states none."""
    name = min((name for name in file.namelist() if Path(name).name == _PACKAGE), key=len, default="")
    try:
        with file.open(name) as opened:
            resources = json.loads(opened.read(_MOST))["resources"]
        folder = name.removesuffix(_PACKAGE)
        return {f"{folder}{one['path']}": str(one.get("hash", "")) for one in resources}
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, EOFError, OSError, zlib.error):
        return {}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return {}


def differs(file: Path, stated: str) -> bool:
    """Whether a file has another digest than stated; False if it cannot be known."""
    if (known := digest_value(stated)) is None:
        return False
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, known[0]).digest() != known[1]
