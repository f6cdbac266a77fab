#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the descriptions of the members of messages for rpc.discover from the documentation comments of their types.

  member-descriptions.py           writes Sources/ServiceKit/Calls/MemberDescriptions.swift
  member-descriptions.py --check   exits with status 1 if that file is not what would be written, or if a member has no comment

A type is described if it can be encoded or decoded: the comment above a stored property describes the member that its coding key names, and
one above a coding key that key's member.
"""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FOLDERS = ["Sources/Contracts", "Sources/JSONRPC/System", "Sources/Faults"]
OUTPUT = "Sources/ServiceKit/Calls/MemberDescriptions.swift"

TYPE = re.compile(r"^\s*(?:package |private |fileprivate )?(?:final )?(?:struct|class|enum|extension|actor)\s+([A-Z][\w.]*)")
PROPERTY = re.compile(r"^\s*package (?:private\(set\) )?(?:var|let) (\w+)\s*[:=]")
CASE = re.compile(r"^\s*case ([^/]+)")


def blocks(lines):
    """Yields the name of the innermost type, whether it holds coding keys, and the number of each line, by counting braces."""
    stack = []
    depth = 0
    for number, line in enumerate(lines):
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', line.split("//")[0])
        found = TYPE.match(code)
        if found and "{" in code:
            stack.append((found.group(1), depth, "CodingKey" in code))
        yield number, stack[-1] if stack else None, [name for name, _, _ in stack], depth
        depth += code.count("{") - code.count("}")
        while stack and depth <= stack[-1][1]:
            stack.pop()


def comment(lines, number):
    """Returns the documentation comment above a line, as one text."""
    words = []
    number -= 1
    while number >= 0 and lines[number].strip().startswith("@"):
        number -= 1
    while number >= 0 and lines[number].strip().startswith("///"):
        words.insert(0, lines[number].strip()[3:].strip())
        number -= 1
    return " ".join(" ".join(words).split())


def read():
    """Returns {type: {member: description}}, and the members that have none."""
    found, keys, own, missing, codable = {}, {}, {}, [], set()
    for folder in FOLDERS:
        for place, _, files in sorted(os.walk(os.path.join(ROOT, folder))):
            for file in sorted(files):
                path = os.path.join(place, file)
                with open(path, encoding="utf-8") as text:
                    lines = text.read().split("\n")
                for number, block, names, depth in blocks(lines):
                    if not block:
                        continue
                    line = lines[number]
                    head = TYPE.match(line)
                    if head and re.search(r"\b(Codable|Decodable|Encodable)\b", line):
                        codable.add(names[-1])
                    if block[2] and not head:
                        case = CASE.match(line)
                        owner = names[-2] if len(names) > 1 else None
                        for part in case.group(1).split(",") if case and owner else []:
                            name, _, value = part.partition("=")
                            keys.setdefault(owner, {})[name.strip()] = value.strip().strip('"') or name.strip()
                        text = comment(lines, number)
                        if case and owner and text:
                            own.setdefault(owner, {})[value.strip().strip('"') or name.strip()] = text
                        continue
                    # Members of the type itself, not local variables.
                    property = PROPERTY.match(line)
                    if property and depth == block[1] + 1 and "static" not in line and not re.search(r"\{\s*$|\{.*\}\s*$", line):
                        text = comment(lines, number)
                        where = os.path.relpath(path, ROOT)
                        found.setdefault(names[-1], {})[property.group(1)] = (text, "%s:%d" % (where, number + 1))
    described = {}
    for name in sorted(codable & set(found)):
        members = {}
        for property, (text, place) in found[name].items():
            key = keys.get(name, {}).get(property) if name in keys else property
            if key is None:
                continue
            if text:
                members[key] = text
            else:
                missing.append("%s: %s.%s has no documentation comment" % (place, name, property))
        members.update(own.get(name, {}))
        if members:
            described[name] = members
    return described, missing


def swift(described):
    quote = lambda text: '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')
    out = [
        "// SPDX-License-Identifier: Apache-2.0",
        "",
        "// Written by scripts/member-descriptions.py from the documentation comments of the types.",
        "// swift-format-ignore-file",
        "",
        "/// The descriptions of the members of messages, by the names of their types.",
        "enum MemberDescriptions {",
        "    static let all: [String: [String: String]] = [",
    ]
    for name, members in described.items():
        out.append("        %s: [" % quote(name))
        out += ["            %s: %s," % (quote(key), quote(text)) for key, text in sorted(members.items())]
        out.append("        ],")
    return "\n".join(out + ["    ]", "}", ""])


def main():
    described, missing = read()
    for line in missing:
        print("member-descriptions: " + line, file=sys.stderr)
    text = swift(described)
    path = os.path.join(ROOT, OUTPUT)
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                print("member-descriptions: %s is out of date: run scripts/member-descriptions.py" % OUTPUT, file=sys.stderr)
                return 1
        return 1 if missing else 0
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print("member-descriptions: %d types, %d members" % (len(described), sum(len(each) for each in described.values())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
