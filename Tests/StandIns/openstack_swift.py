# SPDX-License-Identifier: Apache-2.0
"""OpenStack Swift with its S3 API, a real store on the loopback interface.

Account, container and object servers and the proxy, with one replica of everything on one device in a temporary folder. Swift verifies
every signature itself. The key is "test:tester" with the secret "testing"; the bucket "films" exists.

Commands:
  {"call": "get_object", "args": {...}}   calls boto3 for S3; bodies are text (latin-1)
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import boto3
import botocore.config
from swift.common.ring import RingBuilder

import standin

SERVER = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %(port)d
workers = 0
user = %(user)s
swift_dir = %(folder)s
devices = %(folder)s/devices
mount_check = false
disable_fallocate = true
log_level = ERROR
log_address = /nonexistent
[pipeline:main]
pipeline = %(name)s-server
[app:%(name)s-server]
use = egg:swift#%(name)s
[%(name)s-replicator]
[%(name)s-updater]
[%(name)s-auditor]
"""

PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %(port)d
workers = 0
user = %(user)s
swift_dir = %(folder)s
log_level = ERROR
log_address = /nonexistent
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""

NAMES = ["account", "container", "object"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    for _ in range(1200):
        if process.poll() is not None:
            raise SystemExit("a server of Swift has ended: %d" % process.returncode)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("Swift does not listen on port %d" % port)


def begin(folder):
    """Returns the processes and the URL."""
    os.makedirs(folder + "/devices/d1")
    with open(folder + "/swift.conf", "w") as file:
        file.write("[swift-hash]\nswift_hash_path_suffix = films\n")
    user = os.environ.get("USER") or __import__("pwd").getpwuid(os.getuid()).pw_name
    ports = {name: free_port() for name in NAMES + ["proxy"]}
    for name in NAMES:
        ring = RingBuilder(4, 1, 0)
        ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": ports[name], "device": "d1", "weight": 1})
        ring.rebalance()
        ring.get_ring().save("%s/%s.ring.gz" % (folder, name))
    processes = []
    environment = {**os.environ, "SWIFT_DIR": folder}
    for name in NAMES + ["proxy"]:
        path = "%s/%s.conf" % (folder, name)
        with open(path, "w") as file:
            file.write((PROXY if name == "proxy" else SERVER) % {"port": ports[name], "folder": folder, "name": name, "user": user})
        code = "import swift.common.utils as u; u.set_swift_dir(%r); from swift.%s import server; from swift.common.wsgi import run_wsgi; import sys; sys.exit(run_wsgi(%r, '%s-server'))"
        code %= (folder, {"object": "obj"}.get(name, name), path, name)
        processes.append(subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr))
    for name, process in zip(NAMES + ["proxy"], processes):
        wait_for(ports[name], process)
    return processes, "http://127.0.0.1:%d" % ports["proxy"]


folder = tempfile.mkdtemp(prefix="us-swift-")
processes = []
try:
    processes, url = begin(folder)
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test:tester", aws_secret_access_key="testing",
        config=botocore.config.Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"),
    )
    client.create_bucket(Bucket="films")

    def command(request):
        answer = getattr(client, request["call"])(**request.get("args", {})) or {}
        answer.pop("ResponseMetadata", None)
        if "Body" in answer:
            answer["Body"] = answer["Body"].read().decode("latin-1")
        return answer

    standin.run(url, command)
finally:
    # A server of Swift that gets SIGTERM waits for its idle connections.
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
