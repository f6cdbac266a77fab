# SPDX-License-Identifier: Apache-2.0
"""A service in a temporary run directory whose behaviour the tests define."""

import json
import os
import shutil
import socket
import tempfile
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional

PATIENCE_S = 30
"""The bound of all waits. No test depends on how much of it passes."""


class Peer:
    """The service's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: Any) -> None:
        """Sends a message as a line."""
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def reply(self, request: Dict[str, Any], result: Any) -> None:
        """Replies to a request."""
        self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def fail(self, request: Dict[str, Any], code: int, message: str, **data: Any) -> None:
        """Replies to a request with an error."""
        error = {"code": code, "message": message, "data": data}
        self.send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send_bytes(self, data: bytes) -> None:
        """Sends bytes as they are."""
        try:
            self._connection.sendall(data)
        except OSError:
            # The client has closed the connection.
            pass

    def cut(self) -> None:
        """Ends the connection, as the exit of the process does."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


Handler = Callable[[Peer, Dict[str, Any]], None]


class FakeService:
    """A replica whose methods are functions; `m` is the method of that name.

    Requests of a method without a function are recorded and get no reply. `rpc.health` is answered unless it has a
    function.
    """

    def __init__(
        self, run_dir: str, instance: str = "one", service: str = "fake", capacity: int = 4, is_published: bool = True,
        methods: Optional[Mapping[str, Handler]] = None, m: Optional[Handler] = None
    ) -> None:
        self.folder = os.path.join(run_dir, service)
        self.path = os.path.join(self.folder, f"{instance}.sock")
        self.capacity = capacity
        self.methods: Dict[str, Handler] = {**(methods or {}), **({"m": m} if m else {})}
        self.received: List[Dict[str, Any]] = []
        self.peers: List[Peer] = []
        self.closed_connections = 0
        self._changed = threading.Condition()
        os.makedirs(self.folder, mode=0o770, exist_ok=True)
        self._hidden = os.path.join(self.folder, f".{instance}.sock.tmp")
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(self._hidden)
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        if is_published:
            self.publish()

    def publish(self) -> None:
        """Makes the socket visible to clients."""
        os.rename(self._hidden, self.path)

    def unpublish(self) -> None:
        """Removes the socket, as a replica that drains does."""
        os.unlink(self.path)

    def crash(self) -> None:
        """Ends all connections and accepts no more. The socket stays, as after SIGKILL."""
        try:
            # Unlike close(), this ends the thread that accepts connections.
            self._server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._server.close()
        for peer in list(self.peers):
            peer.cut()

    def calls(self, method: str) -> List[Dict[str, Any]]:
        """The requests and notifications of a method until now."""
        with self._changed:
            return [message for message in self.received if message.get("method") == method]

    def wait_for(self, method: str, count: int = 1) -> Dict[str, Any]:
        """Waits for a number of calls of a method. Returns the last of them."""
        self.wait_until(lambda: len(self.calls(method)) >= count, f"{count} of {method}")
        return self.calls(method)[count - 1]

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits until something that this service records has happened."""
        with self._changed:
            if not self._changed.wait_for(condition, PATIENCE_S):
                raise AssertionError(f"did not happen: {what}; received: {self.received}")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        peer = Peer(connection)
        self.peers.append(peer)
        try:
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    self._answer(peer, json.loads(line))
        except (OSError, ValueError):
            # The connection ended, perhaps in the middle of a line.
            pass
        with self._changed:
            self.closed_connections += 1
            self._changed.notify_all()

    def _answer(self, peer: Peer, message: Dict[str, Any]) -> None:
        with self._changed:
            self.received.append(message)
            self._changed.notify_all()
        method = message.get("method", "")
        handler = self.methods.get(method)
        if handler is not None:
            handler(peer, message)
        elif method == "rpc.health":
            peer.reply(message, {"status": "serving", "capacity": self.capacity, "instance": "fake", "in_flight": 0})


class RunDirectoryFixture:
    """A temporary run directory. Its path is short, since that of a socket has at most 103 bytes."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="us-", dir="/tmp")
        self._services: List[FakeService] = []

    def service(self, instance: str = "one", **options: Any) -> FakeService:
        """Starts a replica."""
        service = FakeService(self.path, instance, **options)
        self._services.append(service)
        return service

    def remove(self) -> None:
        """Stops all replicas and removes the directory."""
        for service in self._services:
            service.crash()
        shutil.rmtree(self.path)


def echo(peer: Peer, request: Dict[str, Any]) -> None:
    """Replies with the parameters."""
    peer.reply(request, request["params"])


class Hold:
    """A method whose calls get their replies when the test wants it."""

    def __init__(self) -> None:
        self.calls: List["tuple[Peer, Dict[str, Any]]"] = []

    def __call__(self, peer: Peer, request: Dict[str, Any]) -> None:
        self.calls.append((peer, request))

    def reply(self, number: int = 0, result: Optional[Any] = None) -> None:
        """Replies to one of the calls."""
        peer, request = self.calls[number]
        peer.reply(request, result)
