# SPDX-License-Identifier: Apache-2.0
"""Sends requests to a dashboard, and compares each response with the document."""

import requests
import schemathesis
from schemathesis.core.failures import FailureGroup

# Of every response. See `info.description` of the document.
SECURITY_HEADERS = (
    "content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-resource-policy", "cross-origin-opener-policy")
# Only these: others would send requests of their own.
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "response_headers_conformance"]
# Responses whose body, and so its length, differs from request to request: they contain times.
VARYING = ("listReplicas", "getMetrics")


class Unusable(Exception):
    """The stack cannot be used for the check."""


class Client:
    """Collects the differences between responses and document in `found`, and what was seen in `seen`: pairs of operationId and status."""

    def __init__(self, document, url, token):
        self.document, self.url, self.token = document, url, token
        self.found, self.seen, self.count = [], set(), 0
        self.http = requests.Session()
        self.http.trust_env = False
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.checks.update(included_check_names=CHECKS)

    def authorization(self):
        """The header with the token, if there is one."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def send(self, operation, status, path=None, query=None, headers=None, body=None, data=None, length=None, access=True):
        """Sends one request, which must get `status` and match the document.

        data: bytes of the body, instead of JSON; length: another Content-Length than its own; access: whether the request has
        X-Understudy and the token.
        """
        found = self.schema.find_operation_by_id(operation)
        own = self.authorization() if access else {}
        if access and found.method.upper() == "POST":
            own["X-Understudy"] = "1"
        arguments = {"path_parameters": path or {}, "query": query or {}, "headers": {**own, **(headers or {})}}
        if body is not None:
            arguments.update(body=body, media_type="application/json")
        case = found.Case(**arguments)
        request = requests.Request(**case.as_transport_kwargs(base_url=self.url)).prepare()
        if data is not None:
            request.prepare_body(data, None)
        if length is not None:
            request.headers["Content-Length"] = str(length)
        try:
            response = self.http.send(request, allow_redirects=False, timeout=30)
        except requests.RequestException as error:
            raise Unusable(f"{found.label}: {error}") from error
        self.count += 1
        self.seen.add((operation, str(response.status_code)))
        if response.status_code != status:
            sent = query or data or body or headers or ""
            self.found.append(f"{found.label} {sent}: {response.status_code}, not {status}: {response.text[:300]}")
            return response
        self.found += [f"{found.label}: {status} lacks {name}" for name in SECURITY_HEADERS if name not in response.headers]
        try:
            case.validate_response(response)
        except FailureGroup as group:
            self.found += [f"{found.label}: {status}: {str(failure)[:600]}" for failure in group.exceptions]
        return response

    def read(self, operation, status, **request):
        """Sends a request with GET and with HEAD, whose status and header must be the same. Returns the response to GET."""
        response = self.send(operation, status, **request)
        path = self.schema.find_operation_by_id(operation).path
        head = self.document["paths"][path].get("head")
        if head is None:
            return response
        without = self.send(head["operationId"], status, **request)
        if without.content:
            self.found.append(f"HEAD {path}: the response has a body")
        names = {name.lower() for name in [*response.headers, *without.headers]} - ({"content-length"} if operation in VARYING else set())
        differing = sorted(name for name in names if response.headers.get(name) != without.headers.get(name))
        if differing:
            self.found.append(f"HEAD {path}: {status}: other values than with GET of {', '.join(differing)}")
        return response

    def json(self, operation, status, **request):
        """The JSON of a response, which is needed to continue."""
        response = self.send(operation, status, **request)
        if response.status_code != status:
            raise Unusable(f"{operation}: no response to continue with")
        return response.json()
