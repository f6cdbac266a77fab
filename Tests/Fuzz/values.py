# SPDX-License-Identifier: Apache-2.0
"""Hostile values: the worst JSON, texts and numbers that can arrive from outside."""

NUMBERS = [
    0, -1, 1, 2, 16, 29.97, 0.1, 1e-9, -1e-300, 1e30, -1e30, 1e300, 1.7976931348623157e308, 2**31 - 1, 2**31, -(2**31), 2**53,
    2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 2**127, 10**400,
]
# Literal texts: some are not valid JSON, and parsers differ.
RAW_NUMBERS = [
    "NaN", "Infinity", "-0", "1e999", "-1e999", "00", "1.", ".5", "+1", "0x10", "1" + "0" * 400, "1e-999", "1E+2",
    "1e-9223372036854775808", "0e9223372036854775807", "1.0e-99999999999999999999", "-0.0e-9223372036854775809", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809e0", "92233720368547758070e-1", "0.1e19", "1." + "0" * 400 + "e0",
]
TEXTS = [
    "", " ", "a", "..", ".", "/", "\x00", "\r\n", "a\r\nb", "\x1b[2J\x1b]0;t\x07", "\u202egpj.exe", "\u2028", "\ud800".encode(
        "utf-16", "surrogatepass").decode("utf-16", "replace"), "é" * 300, "a" + "\u0301\u0316" * 20_000, "𝔘" * 70, "x" * 5_000, "x" * 200_000, "%00", "%2e%2e%2f",
    "{\\an8}<b>--></b>", "'; DROP TABLE job; --", "${jndi:ldap://x}", "nan", "1e309", "seg_001", "2026-13-45T99:99:99Z",
    "9999999999999999999", "-", "http://127.0.0.1:1/x", "http://[::1", "s3://", "s3://b", "file://", "file:///", "file://host/x",
    "data:text/plain,x",
]


def deep(depth, kind="["):
    """Returns nested arrays or objects, as JSON text."""
    return kind * depth + ("1" if kind == "[" else "1") + ("]" if kind == "[" else "}") * depth if kind == "[" else \
        '{"a":' * depth + "1" + "}" * depth


def number(random):
    """Returns any number."""
    pick = random.random()
    if pick < 0.5:
        return random.choice(NUMBERS)
    if pick < 0.8:
        return random.randint(-5, 2000)
    return random.uniform(-10, 10) * 10 ** random.randint(-20, 40)


def text(random):
    """Returns any text."""
    if random.random() < 0.7:
        return random.choice(TEXTS)
    return "".join(chr(random.choice([random.randint(1, 127), random.randint(0x80, 0xD7FF), 0x202E, 0x1F600]))
                   for _ in range(random.randint(1, 40)))


def anything(random, depth=0):
    """Returns any JSON value."""
    pick = random.randint(0, 7 if depth < 3 else 4)
    if pick == 0:
        return None
    if pick == 1:
        return random.random() < 0.5
    if pick == 2:
        return number(random)
    if pick in (3, 4):
        return text(random)
    if pick in (5, 6):
        return [anything(random, depth + 1) for _ in range(random.randint(0, 4))]
    return {text(random)[:50]: anything(random, depth + 1) for _ in range(random.randint(0, 4))}
