# SPDX-License-Identifier: Apache-2.0
"""The free requests that verify a key: OpenAI's GET /v1/models, Replicate's GET /v1/account.

The key is "good-key". Command: {"shutdown": {"model": "2030-01-01"}}.
"""

import standin

models = {"gpt-image-2": None}


class Handler(standin.Handler):
    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer good-key":
            return self.reply(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})
        if self.path == "/v1/models":
            entries = [{"id": id, "object": "model", "shutdown_date": date} for id, date in models.items()]
            return self.reply(200, {"object": "list", "data": entries})
        if self.path == "/v1/account":
            return self.reply(200, {"type": "user", "username": "ann"})
        self.reply(404, {"error": {"message": "not found"}})


def command(request):
    models.update(request["shutdown"])
    return {"ok": True}


standin.run(standin.serve(Handler), command)
