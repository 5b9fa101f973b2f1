"""Run `make demo` on a pseudo-terminal, as a person meets it first: fails unless it shows its bar and ends well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.terminals import on_terminal  # noqa: E402

if __name__ == "__main__":
    os.chdir(ROOT)
    seen = on_terminal(["make", "demo"], os.environ, timeout=300)
    print(seen.shown)
    wanted = {
        "it ends with 0": seen.code == 0,
        "it shows a progress bar": any("saryarqa" in bar and "left" in bar for bar in seen.bars),
        "it tells of both crawls": all(
            any(line.startswith(f"{n} crawl  ") for line in seen.lines) for n in ("First", "Second")
        ),
        "it ends with what to try next": seen.last.lstrip().startswith("sqlite3 data/demo/archive.db"),
        "it shows no traceback": "Traceback" not in seen.shown,
    }
    missing = [what for what, holds in wanted.items() if not holds]
    sys.exit(f"make demo on a terminal: not so: {'; '.join(missing)} (exit code {seen.code})" if missing else 0)
