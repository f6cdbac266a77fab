# SPDX-License-Identifier: Apache-2.0
"""A client for the services of Understudy.

>>> import understudy
>>> with understudy.Client() as client:  # doctest: +SKIP
...     job = client.orchestrator.start(user_id="me", session_id="first")
...     for event in client.orchestrator.watch(job_id=job["job_id"]):
...         print(event["message"])

The types of parameters and results are in `understudy.methods`, connections to a single socket in
`understudy.connection` and `understudy.aio`.
"""

from .client import AsyncClient, Client
from .errors import ConnectionLost, NoReplica, ServiceError
from .events import StatusMessage
from .methods import VERSION as __version__
from .protocol import Progress
from .watch import AsyncWatch, Watch

__all__ = [
    "AsyncClient",
    "AsyncWatch",
    "Client",
    "ConnectionLost",
    "NoReplica",
    "Progress",
    "ServiceError",
    "StatusMessage",
    "Watch",
    "__version__",
]
