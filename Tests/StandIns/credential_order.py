"""botocore's search for credentials, as a second opinion on the order of places; it serves nothing.

Commands:
  {"environment": {...}, "config": "text", "keys": "text"} -> {"method": "env", "id": "..."}: which provider of botocore gives
      credentials, and the access key where that takes no request to STS; {"error": text} where one is configured and fails. The texts are
      the files `config` and `keys` of the home folder, which the environment may name in another way.
  {"expand": [path, ...], "environment": {...}} -> {"paths": [...]}: paths as botocore expands them
"""

import os
import tempfile

import botocore.session

import standin

folder = tempfile.mkdtemp()
own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def command(request):
    if "expand" in request:
        os.environ.clear()
        os.environ.update(request["environment"])
        return {"paths": [os.path.expanduser(os.path.expandvars(path)) for path in request["expand"]]}
    for name in ("config", "keys"):
        with open(os.path.join(folder, name), "w") as file:
            file.write(request.get(name, ""))
    os.environ.clear()
    os.environ.update(own, HOME=folder, AWS_CONFIG_FILE=folder + "/config", AWS_SHARED_CREDENTIALS_FILE=folder + "/keys")
    os.environ.update(request.get("environment", {}))
    found = botocore.session.Session().get_credentials()
    if found is None:
        return {"method": "none"}
    isFromSTS = found.method.startswith("assume-role")
    return {"method": found.method, "id": "" if isFromSTS else found.access_key}


try:
    standin.run("", command)
finally:
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    os.rmdir(folder)
