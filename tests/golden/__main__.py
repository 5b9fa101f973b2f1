"""Record the golden outputs of this version of the rules."""

import json
import sys

from tests.golden import RECORD, differences, outputs

new = outputs()
old = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {"rules": "", "pages": {}}
changed = differences(old, new)
if changed and old["rules"] == new["rules"]:
    print(*changed, sep="\n")
    sys.exit(f"These pages come out differently: raise RULES_VERSION above {old['rules']} first.")
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(page)}" for name, page in new.pop("pages").items())
RECORD.write_text(f'{json.dumps(new)[:-1]}, "pages": {{\n{lines}\n}}}}\n', encoding="utf-8")
print(f"{RECORD.name}: rules version {new['rules']}, {len(changed)} of the pages changed")
