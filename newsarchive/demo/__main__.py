"""`python -m newsarchive.demo` serves the sample newspaper until Ctrl-C."""

from __future__ import annotations

import sys
import time

from newsarchive.demo import serve

if __name__ == "__main__":
    with serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as paper:
        sys.stdout.write(f"{paper.url}  (press Ctrl-C to stop)\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            sys.stdout.write("\n")
