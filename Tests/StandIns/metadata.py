"""Credentials of a container and of a machine (IMDSv2).

Commands: {"keys": ["id", "secret", "token"], "expires_in": seconds}; {"count": true} -> {"count": n} of credentials given.
"""

import datetime

import standin

state = {"keys": ["M1", "M2", "M3"], "expires_in": 3600, "count": 0}


class Handler(standin.Handler):
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
        if self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            self.reply(200, "TOKEN")
        else:
            self.reply(400, "")

    def do_GET(self):
        if self.path == "/container":
            if self.headers.get("Authorization") == "let me in":
                self.credentials()
            else:
                self.reply(401, "")
        elif self.headers.get("X-aws-ec2-metadata-token") != "TOKEN":
            self.reply(401, "")
        elif self.path == "/latest/meta-data/iam/security-credentials/":
            self.reply(200, "renderer\n")
        elif self.path == "/latest/meta-data/iam/security-credentials/renderer":
            self.credentials()
        else:
            self.reply(404, "")


def command(request):
    state.update({name: request[name] for name in ("keys", "expires_in") if name in request})
    return {"count": state["count"]}


standin.run(standin.serve(Handler), command)
