#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what no compiler checks: each source file names its license, links and paths in Markdown lead somewhere, each test suite has a time limit, and
test functions are named by what they test.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENSED = {".swift", ".py", ".sh", ".js", ".mjs", ".ts", ".css", ".c", ".h"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:Benchmarks|Sources|Tests|compose|docs|scripts|services)/[\w./+-]+)`")
FENCE = re.compile(r"```.*?```", re.S)
SUITE = re.compile(r"^((?:@\w+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?\s+)*)(?:final |package )*(?:struct|class|actor) (\w+)", re.M)
found = []


def tree():
    """The files of the checkout, without what git ignores."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in (ROOT / name for name in names.stdout.splitlines()) if path.is_file()]


def anchors(path):
    """GitHub's anchors of the headings of a Markdown file."""
    text = FENCE.sub("", path.read_text())
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_links(path):
    for target in PATH.findall(path.read_text()):
        if not (ROOT / target).exists():
            found.append(f"{path.relative_to(ROOT)}: there is no {target}")
    for target in LINK.findall(FENCE.sub("", path.read_text())):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists():
            found.append(f"{path.relative_to(ROOT)}: the link to {target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            found.append(f"{path.relative_to(ROOT)}: {name or path.name} has no heading for #{anchor}")


def check_tests(path):
    text = path.read_text()
    if "@Test" not in text:
        return
    suites = list(SUITE.finditer(text))
    for number, suite in enumerate(suites):
        end = suites[number + 1].start() if number + 1 < len(suites) else len(text)
        if "@Test" in text[suite.end():end] and ".timeLimit(" not in suite[1]:
            found.append(f"{path.relative_to(ROOT)}: the suite {suite[2]} has no time limit: add @Suite(.timeLimit(.minutes(1)))")
    for line, content in enumerate(text.splitlines(), 1):
        if re.search(r'@Test\(\s*"', content):
            found.append(f"{path.relative_to(ROOT)}:{line}: name the function by what it tests: @Test func `...`()")


for path in tree():
    if path.suffix in LICENSED and "corpus" not in path.parts:
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text().split("\n\n")[0]:
            found.append(f"{path.relative_to(ROOT)}: no SPDX-License-Identifier line at the top")
    if path.suffix == ".md":
        check_links(path)
    if path.suffix == ".swift" and "Tests" in path.parts:
        check_tests(path)
for line in sorted(found):
    print(line)
sys.exit(1 if found else 0)
