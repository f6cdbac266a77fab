# SPDX-License-Identifier: Apache-2.0
"""Loads the modules and the data of boto3 and moto for the services of `aws.py`: half a second, once for all stand-ins of a host."""

import os

# Read when moto's IAM is used first.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

import boto3  # noqa: E402
from moto.backends import get_backend  # noqa: E402


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")


for name in ("s3", "iam", "logs", "sts"):
    get_backend(name)
    client(name, "http://127.0.0.1:1")
