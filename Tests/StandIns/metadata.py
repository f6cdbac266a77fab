# SPDX-License-Identifier: Apache-2.0
"""The credential endpoints of containers (ECS, EKS Pod Identity) and of machines (IMDSv2).

Commands:
  {"keys": ["id", "secret", "token"], "expires_in": seconds}   sets the credentials
  {"container_token": "..."}                                   the token of the container; initially "let me in"
  {"misbehave": {"match": "GET /container", "times": 1, "status": 503, "body": "...", "delay": seconds, "reset": false}}
                                                               sets the response of the next requests whose "METHOD path" has the prefix;
                                                               without a status, the correct response is delayed
  {"heal": true}                                               clears all misbehaviour
  {"count": true} -> {"count": n, "asked": ["GET /container", ...]}   the number of credentials issued, and all requests
"""

import datetime
import socket
import time

import standin

state = {"keys": ["M1", "M2", "M3"], "expires_in": 3600, "count": 0, "container_token": "let me in"}
asked = []
faults = []


class Handler(standin.Handler):
    def fault(self):
        """Misbehaves if commanded. Returns whether the request has been answered."""
        line = "%s %s" % (self.command, self.path)
        asked.append(line)
        for fault in faults:
            if not line.startswith(fault.get("match", "")):
                continue
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                faults.remove(fault)
            time.sleep(fault.get("delay", 0))
            if fault.get("reset"):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return True
            if "status" in fault:
                self.reply(fault["status"], fault.get("body", ""))
                return True
            return False
        return False

    def credentials(self):
        state["count"] += 1
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=state["expires_in"])
        id, secret, token = state["keys"]
        self.reply(
            200,
            {
                "Code": "Success",
                "AccessKeyId": id,
                "SecretAccessKey": secret,
                "Token": token,
                "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        )

    def do_PUT(self):
        if self.fault():
            return
        if self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            self.reply(200, "TOKEN")
        else:
            self.reply(400, "")

    def do_GET(self):
        if self.fault():
            return
        if self.path == "/container":
            if self.headers.get("Authorization") == state["container_token"]:
                self.credentials()
            else:
                self.reply(401, {"code": "InvalidToken", "message": "the token is not that of a pod"})
        elif self.headers.get("X-aws-ec2-metadata-token") != "TOKEN":
            self.reply(401, "")
        elif self.path == "/latest/meta-data/iam/security-credentials/":
            self.reply(200, "renderer\n")
        elif self.path == "/latest/meta-data/iam/security-credentials/renderer":
            self.credentials()
        else:
            self.reply(404, "")


def command(request):
    state.update({name: request[name] for name in ("keys", "expires_in", "container_token") if name in request})
    if "misbehave" in request:
        faults.append(request["misbehave"])
    if "heal" in request:
        faults.clear()
    return {"count": state["count"], "asked": asked}


standin.run(standin.serve(Handler), command)
