# SPDX-License-Identifier: Apache-2.0
"""botocore's credential chain, as the reference for the order of sources. It is not a server.

Commands:
  {"environment": {...}, "config": "text", "keys": "text"} -> {"method": "env", "id": "..."}
      the provider of botocore that finds credentials, and the access key unless it comes from STS; {"error": text} if a configured
      provider fails. `config` and `keys` are the contents of the files of these names in the home folder; the environment can name
      other files.
  {"expand": [path, ...], "environment": {...}} -> {"paths": [...]}
      paths as botocore expands them
"""

import os
import tempfile

import botocore.session

import standin

folder = tempfile.mkdtemp()
inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def command(request):
    if "expand" in request:
        os.environ.clear()
        os.environ.update(request["environment"])
        return {"paths": [os.path.expanduser(os.path.expandvars(path)) for path in request["expand"]]}
    for name in ("config", "keys"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(request.get(name, ""))
    os.environ.clear()
    os.environ.update(inherited, HOME=folder, AWS_CONFIG_FILE=folder + "/config", AWS_SHARED_CREDENTIALS_FILE=folder + "/keys")
    os.environ.update(request.get("environment", {}))
    found = botocore.session.Session().get_credentials()
    if found is None:
        return {"method": "none"}
    is_from_sts = found.method.startswith("assume-role")
    return {"method": found.method, "id": "" if is_from_sts else found.access_key}


try:
    standin.run("", command)
finally:
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    os.rmdir(folder)
