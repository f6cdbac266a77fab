# SPDX-License-Identifier: Apache-2.0
"""Signs requests with botocore, as the reference. It is not a server: its URL is a placeholder.

Commands:
  {"requests": [{"service", "method", "host", "path", "query": [[name, value]], "headers": [[name, value]], "payload", "timestamp"}]}
      paths are percent-encoded as in the request
      -> {"signatures": [{"signature", "signed_headers"}]}
"""

from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import standin

credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "TOKEN")


def sign(asked):
    service = asked["service"]
    auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, "eu-west-1")
    query = "&".join("%s=%s" % (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in asked["query"])
    url = "https://%s%s%s" % (asked["host"], asked["path"], "?" + query if query else "")
    request = AWSRequest(asked["method"], url)
    for name, value in asked["headers"]:
        request.headers.add_header(name, value)
    request.headers["X-Amz-Content-SHA256"] = asked["payload"]
    request.headers["X-Amz-Date"] = asked["timestamp"]
    request.headers["X-Amz-Security-Token"] = credentials.token
    request.context["timestamp"] = asked["timestamp"]
    request.context["signing"] = {}
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return {
        "signature": auth.signature(text, request),
        "signed_headers": auth.signed_headers(auth.headers_to_sign(request)),
    }


standin.run("none:", lambda command: {"signatures": [sign(asked) for asked in command["requests"]]})
