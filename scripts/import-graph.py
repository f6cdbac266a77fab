#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the graph of targets and the cycles of files, and fails if an edge of either is not allowed.

usage: scripts/import-graph.py [--files]     --files also prints the references of each file

Targets: the imports of a target equal the dependencies that Package.swift declares; a target depends only on targets declared before it, so that
the manifest reads from the bottom to the top; no service imports another; a library below ServiceKit that depends on SwiftNIO, directly or not,
imports a module of SwiftNIO or `JSONRPC` itself; the images, which are built from the sources, have the folder of every target.

Files: one file depends on another of its target if it names a type that the other declares at its top level. Files that depend on each other, directly
or not, are a cycle; one of more than three files is an error.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGEST_CYCLE = 3
# Modules of the toolchain and the system, which Package.swift does not declare.
SYSTEM = {"Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch", "Testing", "_Concurrency"}
IMPORT = re.compile(r"^(?:@\w+ )*(?:package |public |internal |private |fileprivate )?import (?:struct |class |enum |func )?(\w+)", re.M)
TYPE = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? +)*(?:(?:package|public|internal|final|indirect|nonisolated) +)*"
    r"(?:struct|class|enum|actor|protocol|typealias) +(\w+)", re.M)
# Comments, multi-line strings, single-line strings: names in them are not references.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|#*""".*?"""#*|"(?:\\.|[^"\\\n])*"', re.S)
WORD = re.compile(r"[A-Za-z_]\w*")


def manifest():
    text = subprocess.run(
        ["swift", "package", "--package-path", str(ROOT), "dump-package"], check=True, capture_output=True, text=True).stdout
    return json.loads(text)["targets"]


def declared(target):
    """The names of the modules that a target may import."""
    names = set()
    for dependency in target["dependencies"]:
        (kind, value), = dependency.items()
        names.add(value[0])
    return names


def folder(target):
    if target.get("path"):
        return ROOT / target["path"]
    return ROOT / ("Tests" if target["type"] == "test" else "Sources") / target["name"]


def sources(target):
    base = folder(target)
    excluded = [base / name for name in target["exclude"]]
    return sorted(
        path for path in base.rglob("*.swift") if not any(path == item or item in path.parents for item in excluded))


def cycles(graph):
    """The strongly connected components of more than one node (Tarjan), largest first."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                other = stack.pop()
                on_stack.discard(other)
                component.append(other)
                if other == node:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10_000)
    for node in graph:
        if node not in index:
            visit(node)
    return sorted(found, key=lambda component: (-len(component), component))


def references(paths):
    """For each file of a target, the files whose types it names."""
    owners, words = {}, {}
    for path in paths:
        text = NOISE.sub(" ", path.read_text())
        for name in TYPE.findall(text):
            owners.setdefault(name, set()).add(path)
        words[path] = set(WORD.findall(text))
    # A name that several files declare privately does not identify a file.
    return {
        path: sorted({owner for name in names for owner in owners.get(name, ()) if len(owners[name]) == 1 and owner != path})
        for path, names in words.items()}


def main():
    problems = []
    targets = [target for target in manifest()]
    names = {target["name"] for target in targets}
    order = {target["name"]: place for place, target in enumerate(targets)}
    is_service = {
        target["name"] for target in targets
        if target["type"] == "regular" and (target.get("path") or "").startswith("services/")}
    image_context = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    edges, imports = {}, {}
    for target in targets:
        if target["type"] == "system":
            edges[target["name"]] = imports[target["name"]] = set()
            continue
        paths = sources(target)
        imported = {name for path in paths for name in IMPORT.findall(path.read_text())} - SYSTEM
        wanted = declared(target)
        name = target["name"]
        edges[name], imports[name] = wanted & names, imported
        print(f"{name}: {' '.join(sorted(wanted)) or '-'}")
        for module in sorted(imported - wanted):
            problems.append(f"{name} imports {module}, which Package.swift does not declare")
        for module in sorted(wanted - imported):
            problems.append(f"{name} declares {module}, and no file imports it")
        for module in sorted(edges[name]):
            if order[module] > order[name]:
                problems.append(f"{name} depends on {module}, which is declared after it")
            if name in is_service and module in is_service:
                problems.append(f"the service {name} imports the service {module}")
        if folder(target).relative_to(ROOT).parts[0] not in image_context:
            problems.append(f"{name}: .dockerignore excludes {folder(target).relative_to(ROOT)}, so that the images cannot be built")
        graph = references(paths)
        if "--files" in sys.argv:
            for path, others in graph.items():
                print(f"  {path.relative_to(ROOT)}: {' '.join(other.stem for other in others)}")
        for cycle in cycles(graph):
            text = " ".join(str(path.relative_to(folder(target))) for path in cycle)
            print(f"  cycle of {len(cycle)}: {text}")
            if len(cycle) > LARGEST_CYCLE and target["type"] != "test":
                problems.append(f"{name}: a cycle of {len(cycle)} files: {text}")

    def depends_on_nio(name):
        return any(module.startswith("NIO") for module in imports[name]) or any(depends_on_nio(other) for other in edges[name])

    def reaches(wanted, name):
        return name == wanted or any(reaches(wanted, other) for other in edges[name])

    for target in targets:
        name = target["name"]
        if target["type"] == "regular" and name not in is_service and not reaches("ServiceKit", name) and depends_on_nio(name):
            if "JSONRPC" not in imports[name] and not any(module.startswith("NIO") for module in imports[name]):
                problems.append(f"{name} depends on SwiftNIO and imports neither it nor JSONRPC")
    for problem in problems:
        print(f"import-graph: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
