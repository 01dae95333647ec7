"""Says whether clients of the last released document can use the service of another one:

    python3 .ci/openapi/compatible openapi/released openapi/openapi.json

A release is a file `<version>.json` of that folder; the last is the one of the highest version. Ends with 1 and names every
break, or with 0 when there is none.
"""

import json
import pathlib
import sys

from operations import breaks


def version(path: pathlib.Path) -> list[int]:
    return [int(part) for part in path.stem.split(".")]


def main(released: str, document: str) -> int:
    last = max(pathlib.Path(released).glob("*.json"), key=version)
    found = breaks(json.loads(last.read_text()), json.loads(pathlib.Path(document).read_text()))
    for place, what in found:
        print(f"{place}: {what}")
    print(f"{document} against {last}: {len(found)} breaks" if found else f"{document} is compatible with {last}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
