# SPDX-License-Identifier: Apache-2.0
"""The sources run with Python 3.9, whichever version runs the tests."""

import ast
import pathlib
import unittest
from typing import Iterator, List, Tuple

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Names that modules of the standard library have only since Python 3.10 or later.
NEWER = {
    "typing": {
        "Concatenate", "LiteralString", "Never", "NotRequired", "ParamSpec", "ReadOnly", "Required", "Self",
        "TypeAlias", "TypeAliasType", "TypeGuard", "TypeIs", "TypeVarTuple", "Unpack", "assert_never", "assert_type",
        "is_typeddict", "override", "reveal_type"},
    "asyncio": {"Barrier", "EventLoop", "Runner", "TaskGroup", "timeout", "timeout_at"},
    "itertools": {"batched", "pairwise"},
    "datetime": {"UTC"},
    "contextlib": {"aclosing", "chdir"},
    "inspect": {"get_annotations"},
    "threading": {"getprofile", "gettrace", "setprofile_all_threads"},
    "builtins": {"BaseExceptionGroup", "ExceptionGroup", "aiter", "anext"},
}
# Keyword arguments that functions have only since Python 3.10 or later.
KEYWORDS = {"zip": {"strict"}, "dataclass": {"kw_only", "match_args", "slots", "weakref_slot"}, "field": {"kw_only"}}


def sources() -> List[pathlib.Path]:
    return sorted(path for folder in ("understudy", "tests") for path in (ROOT / folder).rglob("*.py"))


def annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """The annotations of a module, which are evaluated at run time."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
            yield node.returns


def findings(tree: ast.AST) -> Iterator[Tuple[int, str]]:
    """The lines of a module that Python 3.9 cannot run, and why."""
    for annotation in annotations(tree):
        for node in ast.walk(annotation):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
                yield annotation.lineno, "use Union[X, Y] for X | Y"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in NEWER.get(node.module or "", ()):
                    yield node.lineno, f"{node.module} has no {alias.name}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NEWER.get(node.value.id, ()):
                yield node.lineno, f"{node.value.id} has no {node.attr}"
        elif isinstance(node, ast.Name) and node.id in NEWER["builtins"]:
            yield node.lineno, f"there is no {node.id}"
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for argument in node.keywords:
                if argument.arg in KEYWORDS.get(name, ()):
                    yield node.lineno, f"{name} has no argument {argument.arg}"


class Python39Tests(unittest.TestCase):
    def test_sources_parse(self) -> None:
        self.assertGreater(len(sources()), 10)
        for path in sources():
            with self.subTest(path.name):
                ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))

    def test_sources_use_nothing_newer(self) -> None:
        for path in sources():
            with self.subTest(path.name):
                self.assertEqual(list(findings(ast.parse(path.read_text(encoding="utf-8")))), [])

    def test_check_finds_what_is_newer(self) -> None:
        for text in (
            "def f(a: int | None): pass", "a: 'b' = 1\nb: int | str = 2", "def f() -> list[int | str]: pass",
            "from typing import Self", "import asyncio\nasyncio.timeout(1)", "zip(a, b, strict=True)",
            "@dataclass(slots=True)\nclass A: pass", "raise ExceptionGroup('a', [])",
        ):
            self.assertEqual(len(list(findings(ast.parse(text)))), 1, text)
        for text in ("match a:\n    case 1: pass", "try: pass\nexcept* ValueError: pass"):
            with self.assertRaises(SyntaxError):
                ast.parse(text, feature_version=(3, 9))


if __name__ == "__main__":
    unittest.main()
