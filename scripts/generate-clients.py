#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the generated modules of the clients from the OpenRPC documents of the services, `services/*/openrpc.json`.

usage: scripts/generate-clients.py [--check]     --check writes nothing, and fails if a module is not up to date
"""

import importlib.util
import json
import pathlib
import sys

import python_client

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVICES = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"]


def read_documents():
    """The OpenRPC documents by service, in the order of `SERVICES`."""
    return {name: json.loads((ROOT / "services" / name / "openrpc.json").read_text()) for name in SERVICES}


def modules(documents):
    """The generated text of each module, by its path."""
    texts = {"clients/python/understudy/methods.py": python_client.generate(documents)}
    if importlib.util.find_spec("typescript_client"):
        texts["clients/typescript/src/methods.ts"] = importlib.import_module("typescript_client").generate(documents)
    return texts


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__.strip().splitlines()[-1])
    outdated = 0
    for path, text in modules(read_documents()).items():
        file = ROOT / path
        if file.is_file() and file.read_text() == text:
            continue
        if arguments:
            print(f"{path} is not up to date: run scripts/generate-clients.py")
            outdated += 1
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            print(f"wrote {path}")
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
