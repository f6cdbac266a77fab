"""S3, IAM, CloudWatch Logs and STS by moto, with boto3 as a second pair of eyes.

A command is {"service": "s3", "call": "get_object", "args": {...}}, a call of boto3; its answer is the call's own, with bodies as text
(latin-1 where they are no UTF-8).
"""

import os

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

import boto3  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

import standin  # noqa: E402

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
clients = {}


def client(service):
    if service not in clients:
        clients[service] = boto3.client(
            service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
    return clients[service]


def command(request):
    answer = getattr(client(request["service"]), request["call"])(**request.get("args", {}))
    answer.pop("ResponseMetadata", None)
    body = answer.get("Body")
    if body is not None:
        data = body.read()
        try:
            answer["Body"] = data.decode()
        except UnicodeDecodeError:
            answer["Body"] = data.decode("latin-1")
    return answer


client("s3").create_bucket(Bucket="films")
standin.run(url, command)
