#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `services/dashboard/openapi.json` with a running dashboard.

    .venv/bin/python Tests/OpenAPI/check.py URL [--token TOKEN] [--seed 1] [--examples 6]

1. The document is valid, its examples match their schemas, and its bounds are those that the services report (`contract.py`).
2. Fixed requests provoke the documented responses, and each response must match its description (`exchanges.py`).
3. Schemathesis generates valid and invalid requests from the document, from a fixed seed (`hooks.py`).

Prints each difference, and exits with 1 if there is one. The stack must be one that is started for this check: jobs are started,
retried and cancelled, uploads stay in its store, and breakers are set. It must have no image provider that needs the network. Connects to
URL only.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

# No bytecode among the sources.
sys.dont_write_bytecode = True

import contract
import exchanges

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "response_headers_conformance",
    "negative_data_rejection", "positive_data_acceptance", "missing_required_header", "unsupported_method", "allow_header_conformance",
    "security_headers")
# Not generated: /ws is a WebSocket, and a drill starts a stack. HEAD is compared with GET by exchanges.py.
EXCLUDED = ["--exclude-path", "/ws", "--exclude-operation-id", "startDrill", "--exclude-method", "HEAD"]
# A reproduction may contain a storyboard of a thousand segments.
LINE = 500


def fuzz(document, folder, arguments, jobs):
    """Runs Schemathesis. Returns the lines of its report if it found failures."""
    with open(f"{folder}/openapi.json", "w") as file:
        json.dump(document, file)
    with open(f"{folder}/schemathesis.toml", "w") as file:
        file.write(
            'color = false\nrequest-timeout = 20\ncontinue-on-failure = true\nwarnings = false\n[cache]\nenabled = false\n'
            '[generation]\ndatabase = "none"\n[output.sanitization]\nenabled = false\n'
            # Values of responses differ from run to run.
            '[phases.coverage]\nextra-data-sources.responses = false\n'
            '[phases.fuzzing]\nextra-data-sources.responses = false\nerror-feedback.enabled = false\n'
            # The boundary values of its body are those of estimateJob, which starts no job.
            '[[operations]]\ninclude-operation-id = "startJob"\nphases.coverage.enabled = false\n')
    environment = dict(
        os.environ, PYTHONDONTWRITEBYTECODE="1", SCHEMATHESIS_HOOKS=f"{HERE}/hooks.py", CHECK_URL=arguments.url, CHECK_JOB=jobs.film,
        CHECK_SPARE=jobs.spare)
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", "openapi.json", "--url", arguments.url, "--seed", str(arguments.seed),
        "--max-examples", str(arguments.examples), "--phases", "coverage,fuzzing", "--checks", ",".join(CHECKS)] + EXCLUDED
    if arguments.token:
        command += ["--header", f"Authorization: Bearer {arguments.token}"]
        environment["CHECK_TOKEN"] = arguments.token
    result = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    lines = [line if len(line) <= LINE else line[:LINE] + "…" for line in result.stdout.splitlines() if line.strip()]
    generated = re.search(r"(\d+) generated", result.stdout)
    print(f"schemathesis: {generated[1] if generated else 'no'} requests, seed {arguments.seed}", flush=True)
    return [] if result.returncode == 0 else lines or [f"schemathesis: exit status {result.returncode}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="http://127.0.0.1:8686")
    parser.add_argument("--token", help="the token of the dashboard, if it has one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=6, help="random requests for each operation, besides the boundary values")
    arguments = parser.parse_args()
    arguments.url = arguments.url.rstrip("/")
    began = time.monotonic()
    print(f"openapi: seed {arguments.seed}", flush=True)

    document = contract.load()
    found = contract.differences(document)
    # Responses must not have members that the document lacks, although clients have to ignore them.
    closed = contract.closed(document)
    session = exchanges.Exchanges(closed, arguments.url, arguments.token)
    try:
        jobs = session.run()
        with tempfile.TemporaryDirectory() as folder:
            session.set_breakers("open")
            found += fuzz(session.specialized(), folder, arguments, jobs)
    except exchanges.Unusable as error:
        found.append(str(error))
    finally:
        session.restore()
    found += session.found
    print(f"openapi: {time.monotonic() - began:.0f} s", flush=True)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
