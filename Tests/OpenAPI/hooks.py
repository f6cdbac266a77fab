# SPDX-License-Identifier: Apache-2.0
"""Hooks of Schemathesis, which loads this file: existing jobs in generated requests, a check of its own, and exceptions with their reasons."""

import os
import re
import sys

import requests
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import contract
from client import SECURITY_HEADERS

URL = os.environ["CHECK_URL"]
HEADERS = {"X-Understudy": "1"}
if "CHECK_TOKEN" in os.environ:
    HEADERS["Authorization"] = f"Bearer {os.environ['CHECK_TOKEN']}"
JOBS = {"GET": os.environ["CHECK_JOB"], "POST": os.environ["CHECK_SPARE"]}
DOCUMENT = contract.load()
# What a schema cannot express, by the message of the response with status 400.
INEXPRESSIBLE = re.compile(
    "expected a unique id|expected a string or a whole number"  # segments with the same ID, or with a number beyond 64 bits
    "|/only: expected segments of the job|/edits/.*: expected (a segment of the job|one of the segments in /only)"
    "|/segments/[0-9]+: expected a segment that Agent6 made"
    "|expected 1 to 256 bytes"  # of UTF-8, of which a character may need four
    "|/motion/(from|to): expected (a rectangle inside|equal width)"  # sums and differences of members
)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Names an existing job in half of the requests: one with a film for reading, another one for changes."""
    path = case.path_parameters or {}
    is_valid = case.meta is None or not case.meta.is_negative_at(ParameterLocation.PATH)
    if "job" in path and is_valid and sum(str(path["job"]).encode()) % 2:
        path["job"] = JOBS.get(case.method.upper(), JOBS["POST"])


@schemathesis.hook
def after_call(context, case, response):
    """Keeps the breakers open, so that jobs fail without any work, and cancels new jobs."""
    name = case.operation.definition.raw.get("operationId")
    if response.status_code == 201 and name == "startJob":
        requests.post(f"{URL}/api/jobs/{response.json()['job_id']}/cancel", headers=HEADERS, timeout=20)
    elif response.status_code == 200 and name in ("setBreaker", "setProviderBreaker") and response.json()["state"] != "open":
        requests.post(response.request.url, headers=HEADERS, json={"action": "open"}, timeout=20)


@schemathesis.check
def security_headers(context, response, case):
    """Every response has the headers that the document lists for all of them."""
    missing = [name for name in SECURITY_HEADERS if name not in response.headers]
    if missing:
        raise Failure(operation=case.operation.label, title="Missing security header", message=", ".join(missing))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what is not a fault."""
    checks = getattr(failure, "checks", ())
    if "unsupported_method" in checks:
        # Requests without access are refused before their method, and those of GET with a body before their path.
        return response.status_code not in (401, 413)
    if "negative_data_rejection" in checks:
        return not is_valid_without_null(case)
    if "positive_data_acceptance" in checks:
        # A range beyond the end of a file is a valid one.
        return response.status_code != 416 and not (response.status_code == 400 and INEXPRESSIBLE.search(response.text))
    return True


def without_null(value):
    """A value without the members that are null."""
    if isinstance(value, dict):
        return {key: without_null(each) for key, each in value.items() if each is not None}
    return [without_null(each) for each in value] if isinstance(value, list) else value


def is_valid_without_null(case):
    """Whether the body is valid but for members that are null, which are treated as absent ones."""
    if not isinstance(case.body, dict):
        return False
    content = DOCUMENT["paths"][case.operation.path][case.operation.method.lower()].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return schema is not None and contract.validator(DOCUMENT, schema).is_valid(without_null(case.body))
