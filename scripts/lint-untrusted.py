#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds Swift code that terminates the process if a file, a peer or a user sends unexpected input.

Rules, for code without its comments and strings:
  subscript   `split(...)[0]`, `components(...)[0]`: traps if there are fewer parts. Use `first`, `last`, `dropFirst`.
  force       `x!`, `as!`, `try!`, `fatalError`, `preconditionFailure`: traps.
  integer     `Int(x)` and other integer types of a floating-point expression: traps on NaN and 1e30. Use `Int(clamping:)` of `Untrusted`.
  duration    `.seconds(x)`, `.milliseconds(x)`, ... of a value: traps on 1e30. Use `Duration.clamping(seconds:)` of `Untrusted`.

If the value is computed here, or was checked before, mark the line or the one above it:
    let ticks = Int((seconds * 90_000).rounded())  // trusted: at most six hours
A mark without a reason after the colon is ignored. `scripts/lint-untrusted.allow` lists files to which a rule does not apply.

usage: scripts/lint-untrusted.py [FOLDER...]     Sources and services by default
       scripts/lint-untrusted.py --self-test
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOW = ROOT / "scripts/lint-untrusted.allow"

INTEGERS = r"U?Int(?:8|16|32|64)?|time_t|off_t|Int128|UInt128"
# Signs of a floating-point expression in a line of text.
FLOATING = re.compile(
    r"\.rounded\(|\bDouble\(|\bFloat\(|\d\.\d|\d[eE]\d|\btimeInterval|[sS]econds\b|[dD]uration\b|\buptime\b|"
    r"\bfraction\b|\bmilliseconds\s*\*|\*\s*1_?000\b|\bmagnitude\b")
# Numbers, and constants of the type itself.
LITERAL = re.compile(r"(?:[\s\d_.*+\-/()<>|&]|\bSelf\.[a-z]\w*)*")
FORCE = re.compile(r"\bas!|\btry!|\bfatalError\(|\bpreconditionFailure\(|(?<=[\w)\]}?])!(?![=\w(\"])|(?<=[\w)\]])!(?=\()")
MARK = re.compile(r"//\s*trusted:\s*\S")


def blank(text):
    """Replaces comments and the contents of strings by spaces, without changing the lines. Interpolations remain code."""
    out = list(text)
    index, size = 0, len(text)
    # The enclosing contexts: ("text", hashes, isMultiline) or ("code", open parentheses).
    stack = [["code", 0]]

    def hide(start, end):
        for place in range(start, min(end, size)):
            if out[place] != "\n":
                out[place] = " "

    while index < size:
        top = stack[-1]
        if top[0] == "code":
            if text.startswith("//", index):
                end = text.find("\n", index)
                end = size if end < 0 else end
                hide(index, end)
                index = end
            elif text.startswith("/*", index):
                depth, end = 1, index + 2
                while end < size and depth:
                    if text.startswith("/*", end):
                        depth, end = depth + 1, end + 2
                    elif text.startswith("*/", end):
                        depth, end = depth - 1, end + 2
                    else:
                        end += 1
                hide(index, end)
                index = end
            elif begin := re.compile(r'(#*)("""|")').match(text, index):
                stack.append(["text", begin[1], begin[2] == '"""'])
                index = begin.end()
            else:
                if text[index] == "(":
                    top[1] += 1
                elif text[index] == ")":
                    top[1] -= 1
                    if top[1] < 0 and len(stack) > 1:
                        stack.pop()
                        hide(index, index + 1)
                index += 1
            continue
        _, hashes, is_multiline = top
        close = ('"""' if is_multiline else '"') + hashes
        if text.startswith("\\" + hashes + "(", index):
            hide(index, index + len(hashes) + 2)
            index += len(hashes) + 2
            stack.append(["code", 0])
        elif text[index] == "\\" and not hashes:
            hide(index, index + 2)
            index += 2
        elif text.startswith(close, index):
            stack.pop()
            index += len(close)
        elif text[index] == "\n" and not is_multiline:
            stack.pop()
        else:
            hide(index, index + 1)
            index += 1
    return "".join(out)


def argument(code, start):
    """The text between the parenthesis at `start` and the matching one, and the index after that."""
    depth = 0
    for index in range(start, len(code)):
        if code[index] in "([{":
            depth += 1
        elif code[index] in ")]}":
            depth -= 1
            if depth == 0:
                return code[start + 1:index], index + 1
    return code[start + 1:], len(code)


def findings(text):
    """Yields (line, rule, excerpt) for each violation."""
    code = blank(text)
    lines = text.split("\n")

    def is_trusted(line):
        return any(0 < number <= len(lines) and MARK.search(lines[number - 1]) for number in (line, line - 1))

    def found(place, rule):
        line = code.count("\n", 0, place) + 1
        if not is_trusted(line):
            yield line, rule, lines[line - 1].strip()

    for match in re.finditer(r"\b(?:split|components)\s*\(", code):
        _, end = argument(code, match.end() - 1)
        behind = re.compile(r"\s*(?:\{[^{}]*\}\s*)?\[").match(code, end)
        if behind and "\n" not in code[end:behind.end()]:
            yield from found(match.start(), "subscript")
    for match in FORCE.finditer(code):
        if re.match(r"\s*(?:\?\?|=)", code[match.end():match.end() + 3]) and match[0] == "!":
            # A type such as `CChar!`.
            continue
        yield from found(match.start(), "force")
    for match in re.finditer(rf"(?<![\w.])(?:{INTEGERS})\s*\(", code):
        operand, _ = argument(code, match.end() - 1)
        if re.match(r"\s*(?:clamping|exactly|truncatingIfNeeded|bitPattern|bigEndian|littleEndian|ascii)\s*:", operand):
            continue
        # `.map(Int.init)` and conversions of text, which return optionals, do not match.
        if FLOATING.search(operand) and not LITERAL.fullmatch(operand):
            yield from found(match.start(), "integer")
    durations = re.compile(
        r"(?:(?<![\w)\]}?!])|(?<=\bDuration)|(?<=\bTimeAmount))\.(?:seconds|milliseconds|microseconds|nanoseconds|minutes|hours)\s*\(")
    for match in durations.finditer(code):
        operand, _ = argument(code, match.end() - 1)
        if not LITERAL.fullmatch(operand):
            yield from found(match.start(), "duration")


def allowed():
    """The rules that do not apply, by file."""
    rules = {}
    if not ALLOW.exists():
        return rules
    for number, line in enumerate(ALLOW.read_text().splitlines(), 1):
        parts = line.split("#", 1)[0].split()
        if not parts:
            continue
        if len(parts) < 2 or not (ROOT / parts[0]).is_file():
            sys.exit(f"{ALLOW.name}:{number}: expected the name of a file and rules")
        rules[parts[0]] = set(parts[1:])
    return rules


def check(folders):
    rules, count = allowed(), 0
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.swift")):
            name = str(path.resolve().relative_to(ROOT))
            for line, rule, excerpt in findings(path.read_text()):
                if rule in rules.get(name, ()):
                    continue
                count += 1
                print(f"{name}:{line}: {rule}: {excerpt}")
    if count:
        print(f"{count} places trust unchecked input: see scripts/lint-untrusted.py")
    return count == 0


SAMPLES = [
    ('let a = line.split(separator: ";")[0] == "gzip"', ["subscript"]),
    ('let a = text.split { $0 == ";" }.first', []),
    ('let a = text.split(whereSeparator: { $0 == "," })[1]', ["subscript"]),
    ('let a = text.components(separatedBy: ",")[0]', ["subscript"]),
    ("let a = Int(seconds * 1000)", ["integer"]),
    ("let a = Int64((value * 2.5).rounded())", ["integer"]),
    ("let a = Int((x / y).rounded(.up))", ["integer"]),
    ("let a = Int(clamping: seconds * 1000)", []),
    ("let a = Int(count) + UInt8(byte)", []),
    ("let a = Int(health.uptime)", ["integer"]),
    ('let a = "\\(Int(seconds)) s"', ["integer"]),
    ('let a = "Int(seconds) is a string"  // and Int(seconds) a comment', []),
    ("try await Task.sleep(for: .seconds(pause))", ["duration"]),
    ("try await Task.sleep(for: .seconds(3600))", []),
    ("try await Task.sleep(for: .seconds(Self.grace * 2))", []),
    ("let a = Duration.milliseconds(value)", ["duration"]),
    ("let a = format.rate.seconds(frames)", []),
    ("let a = .now + .seconds(timeout)", ["duration"]),
    ("let a = names.first!", ["force"]),
    ("let a = table[key]!.value", ["force"]),
    ("let a = URL(string: text)!", ["force"]),
    ("let a = value as! String", ["force"]),
    ("let a = try! JSONDecoder().decode(T.self, from: data)", ["force"]),
    ("guard !isDone, a != b, !(c && d) else { fatalError() }", ["force"]),
    ("var frame: UnsafePointer<AVFrame>! = nil", []),
    ("let a = Int(seconds * 1000)  // trusted: seconds of our own settings", []),
    ("// trusted: bounded above\nlet a = Int(seconds * 1000)", []),
    ("let a = Int(seconds * 1000)  // trusted:", ["integer"]),
    ('let a = """\n  Int(seconds) \\(Int(seconds))\n  """\nlet b = c!', ["integer", "force"]),
    ('let a = #"x" \\(Int(seconds))"#; let b = #"\\#(Int(seconds))"#', ["integer"]),
]


def self_test():
    wrong = 0
    for code, expected in SAMPLES:
        got = sorted(rule for _, rule, _ in findings(code))
        if got != sorted(expected):
            wrong += 1
            print(f"expected {expected}, found {got}: {code!r}")
    return wrong == 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    is_good = self_test() if arguments == ["--self-test"] else self_test() and check(arguments or [ROOT / "Sources", ROOT / "services"])
    sys.exit(0 if is_good else 1)
