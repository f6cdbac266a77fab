#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports how many of the `package` and `public` declarations have a documentation comment, for each module and in total.

Fails if the total is below the bound.

usage: scripts/doc-coverage.py [--missing] [FOLDER...]     --missing lists the declarations without a comment
"""
import pathlib
import re
import sys

BOUND = 0.85
DECLARATION = re.compile(
    r"^\s*(?:@[\w.]+(?:\([^)]*\))?\s+)*(?:(?:static|final|override|convenience|nonisolated|indirect|mutating)\s+)*"
    r"(?:package|public|open)(?:\(set\))?\s+(?:\w+(?:\(\w+\))?\s+)*?"
    r"(?P<kind>func|var|let|init|subscript|struct|enum|class|actor|protocol|typealias|macro)\b"
)


def declarations(path):
    """Yields (line number, text, documented) for each declaration of a file."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if not DECLARATION.match(line) or line.lstrip().startswith("package import"):
            continue
        above = number - 1
        while above >= 0 and re.match(r"^\s*@\w", lines[above]):
            above -= 1
        yield number + 1, line.strip(), above >= 0 and lines[above].lstrip().startswith("///")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--missing"]
    root = pathlib.Path(__file__).resolve().parent.parent
    folders = [pathlib.Path(argument) for argument in arguments] or [
        folder for top in ("Sources", "services") for folder in sorted((root / top).iterdir())]
    documented = total = 0
    for folder in folders:
        found = [(path, *each) for path in sorted(folder.rglob("*.swift")) for each in declarations(path)]
        if not found:
            continue
        good = sum(each[-1] for each in found)
        documented, total = documented + good, total + len(found)
        if "--missing" in sys.argv:
            for path, number, text, ok in found:
                if not ok:
                    print(f"{path}:{number}: {text}")
        print(f"{folder.name:16} {good:5} of {len(found):5}  {100 * good / len(found):5.1f} %")
    print(f"{'all':16} {documented:5} of {total:5}  {100 * documented / max(total, 1):5.1f} %")
    return 0 if documented >= BOUND * total else 1


sys.exit(main())
