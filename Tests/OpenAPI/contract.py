# SPDX-License-Identifier: Apache-2.0
"""The document by itself, and compared with the `openrpc.json` of the services, which is what their `rpc.discover` returns."""

import copy
import json
import os

import jsonschema_rs
import schemathesis

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATH = f"{ROOT}/services/dashboard/openapi.json"
METHODS = ("get", "head", "post")
# The schemas of requests, by the methods whose parameters they are. The dashboard sets `job_id` and `confined` itself.
REQUESTS = {"StartJob": "orchestrator.start", "RetryJob": "orchestrator.retry", "UpgradeJob": "orchestrator.upgrade"}
OWN = {"job_id", "confined"}
# The schemas of responses, by the methods whose results they are.
RESULTS = {
    "StartedJob": "orchestrator.start", "Estimate": "orchestrator.estimate", "JobView": "orchestrator.status", "JobList": "orchestrator.list",
    "Receipt": "orchestrator.receipt", "JobStateResult": "orchestrator.retry", "Breaker": "orchestrator.breaker",
    "ImageProviders": "imagegen.providers", "ServiceHealth": "rpc.health"}
# Members that rpc.discover lacks: one that is encoded and not decoded, and another name of `id`.
UNREPORTED = {"total", "segment_id"}
BOUNDS = ("enum", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems")


def load():
    with open(PATH) as file:
        return json.load(file)


def closed(document):
    """The document with responses whose objects have no other members than the described ones."""
    document = copy.deepcopy(document)
    requests = set()

    def collect(value):
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            name = value.get("$ref", "").removeprefix("#/components/schemas/")
            if name in document["components"]["schemas"] and name not in requests:
                requests.add(name)
                collect(document["components"]["schemas"][name])
            for item in value.values():
                collect(item)

    def close(value):
        if isinstance(value, list):
            for item in value:
                close(item)
        elif isinstance(value, dict):
            if "properties" in value and value.get("type") == "object":
                value.setdefault("additionalProperties", False)
            for item in value.values():
                close(item)

    for item in document["paths"].values():
        collect([item[method].get("requestBody") for method in METHODS if method in item])
    for name, schema in document["components"]["schemas"].items():
        if name not in requests:
            close(schema)
    return document


def validator(document, schema):
    """A validator for a schema of the document."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)


def differences(document):
    """What is wrong with the document, as lines."""
    found = []
    try:
        schemathesis.openapi.from_dict(document).validate()
    except Exception as error:
        found.append(f"openapi.json: not a valid OpenAPI document: {error}")
    found += [f"{path}: GET without HEAD" for path, item in document["paths"].items() if ("get" in item) != ("head" in item)]
    found += example_faults(closed(document))
    methods = {}
    for service in ("imagegen", "orchestrator"):
        with open(f"{ROOT}/services/{service}/openrpc.json") as file:
            methods.update((method["name"], method) for method in json.load(file)["methods"])
    schemas = document["components"]["schemas"]
    for name, method in REQUESTS.items():
        params = [parameter for parameter in methods[method]["params"] if parameter["name"] not in OWN]
        # The dashboard chooses a user and a session if the request names none.
        required = [each["name"] for each in params if each["required"] and name != "StartJob"]
        reported = {"properties": {each["name"]: each["schema"] for each in params}, "required": required}
        found += compare(document, schemas[name], reported, name)
        if name == "StartJob":
            own, others = undescribed(schemas["JobOptions"]["properties"]), undescribed(reported["properties"]["options"]["properties"])
            found += [f"JobOptions.{each}: not as in rpc.discover" for each in sorted(own.keys() | others) if own.get(each) != others.get(each)]
    for name, method in RESULTS.items():
        found += compare(document, schemas[name], methods[method]["result"]["schema"], name)
    return found


def undescribed(schema):
    """A schema without its descriptions."""
    if isinstance(schema, dict):
        return {key: undescribed(value) for key, value in schema.items() if key != "description" or isinstance(value, dict)}
    return [undescribed(each) for each in schema] if isinstance(schema, list) else schema


def example_faults(document):
    """Examples that do not match their schemas."""
    found = []

    def check(content, where):
        for media in content.values():
            values = [media["example"]] if "example" in media else []
            for value in values + [example["value"] for example in media.get("examples", {}).values()]:
                for error in validator(document, media["schema"]).iter_errors(value):
                    found.append(f"{where}: the example: {error.message}")

    for name, response in document["components"]["responses"].items():
        check(response.get("content", {}), name)
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method, {})
            check(operation.get("requestBody", {}).get("content", {}), f"{method.upper()} {path}")
            for status, response in operation.get("responses", {}).items():
                check(response.get("content", {}), f"{method.upper()} {path}: {status}")
    return found


def compare(document, own, reported, where):
    """Compares a schema with that of rpc.discover: bounds, names of members, required members."""
    reference = own.get("$ref")
    if reference is not None:
        own = {**document["components"]["schemas"][reference.rsplit("/", 1)[1]], **{key: own[key] for key in own if key != "$ref"}}
    found = [
        f"{where}: {key} is {own.get(key)!r}, and {reported[key]!r} in rpc.discover"
        for key in BOUNDS if key in reported and key in own and own[key] != reported[key]]
    found += [f"{where}: no {key}, which is {reported[key]!r} in rpc.discover" for key in BOUNDS if key in reported and key not in own]
    if "properties" in reported:
        members, names = own.get("properties", {}), reported["properties"]
        found += [f"{where}: no {name}, which rpc.discover reports" for name in names if name not in members]
        found += [f"{where}: {name} is not in rpc.discover" for name in members if name not in names and name not in UNREPORTED]
        missing = set(reported.get("required", [])) - set(own.get("required", []))
        found += [f"{where}: {name} is required in rpc.discover" for name in sorted(missing)]
        for name in names.keys() & members.keys():
            found += compare(document, members[name], names[name], f"{where}.{name}")
    if "items" in reported and "items" in own:
        found += compare(document, own["items"], reported["items"], f"{where}[]")
    return found
