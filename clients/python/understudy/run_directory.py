# SPDX-License-Identifier: Apache-2.0
"""Where the sockets of the services are, and which of them are trusted."""

import os
import socket
import stat
import struct
from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Optional, Tuple

from .errors import ServiceError

Identity = Tuple[int, int]
"""Inode and change time of a socket: differs for a socket that is created later under the same name."""

MAXIMUM_SOCKET_PATH = 103
"""The maximum bytes of a socket's path."""


@dataclass(frozen=True)
class PeerPolicy:
    """The users and groups of the processes that may be at the other end of a connection."""

    users: FrozenSet[int]
    groups: FrozenSet[int]

    def check(self, path: str, connection: socket.socket) -> None:
        """Raises `unauthorized` if the process that serves the socket is not trusted, as the kernel reports it."""
        size = struct.calcsize("3i")
        _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        if uid not in self.users and gid not in self.groups:
            raise ServiceError(
                "unauthorized",
                f"{path} is served by user {uid}, group {gid}: if this is intended, list the group in "
                "UNDERSTUDY_ALLOW_GIDS",
            )


class RunDirectory:
    """The directory of all sockets, `<service>/<instance>.sock`.

    Args:
        path: The directory; by default that of the environment: `UNDERSTUDY_RUN_DIR`, else
            `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`.
        environment: Environment variables; `UNDERSTUDY_ALLOW_GIDS` lists the groups that are trusted besides this user
            and root.
    """

    def __init__(self, path: Optional[str] = None, environment: Optional[Mapping[str, str]] = None) -> None:
        variables = os.environ if environment is None else environment
        self.path = path or self._resolve(variables)
        words = variables.get("UNDERSTUDY_ALLOW_GIDS", "").replace(",", " ").split()
        self._groups = frozenset(int(word) for word in words if word.isascii() and word.isdigit())

    @staticmethod
    def _resolve(environment: Mapping[str, str]) -> str:
        if environment.get("UNDERSTUDY_RUN_DIR"):
            return environment["UNDERSTUDY_RUN_DIR"]
        if environment.get("XDG_RUNTIME_DIR"):
            return environment["XDG_RUNTIME_DIR"] + "/understudy"
        return f"/tmp/understudy-{os.getuid()}"

    def folder(self, service: str) -> str:
        """The folder of a service's sockets.

        Raises:
            ValueError: The service is not a file name.
        """
        if not service or service.startswith(".") or "/" in service or "\0" in service:
            raise ValueError(f"{service!r} is not the name of a service")
        return f"{self.path}/{service}"

    def services(self) -> List[str]:
        """The services with at least one published replica, sorted."""
        try:
            names = [entry.name for entry in os.scandir(self.path) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return []
        return sorted(name for name in names if not name.startswith(".") and self.instances(name))

    def instances(self, service: str) -> Dict[str, Identity]:
        """The published replicas of a service with the identities of their sockets.

        Names with a leading dot are ignored.
        """
        found: Dict[str, Identity] = {}
        try:
            for entry in os.scandir(self.folder(service)):
                if not entry.name.startswith(".") and entry.name.endswith(".sock"):
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    found[entry.name[: -len(".sock")]] = (status.st_ino, status.st_ctime_ns)
        except OSError:
            # The folder does not exist yet.
            pass
        return found

    def socket(self, service: str, instance: str) -> Tuple[str, PeerPolicy]:
        """Checks the run directory, the service's folder and a socket.

        They must belong to this user, to root or to a trusted group, and not every user may write to the directories.

        Returns:
            The socket's path, and the processes that may serve it.

        Raises:
            ServiceError: `unauthorized` with the path and the reason; `invalid_params` if the path is too long.
        """
        path = f"{self.folder(service)}/{instance}.sock"
        if len(os.fsencode(path)) > MAXIMUM_SOCKET_PATH:
            raise ServiceError(
                "invalid_params",
                f"the socket path {path} has {len(os.fsencode(path))} bytes, the system allows {MAXIMUM_SOCKET_PATH}: "
                "set UNDERSTUDY_RUN_DIR to a shorter directory",
            )
        self._check(self.path, stat.S_IFDIR)
        owner = self._check(self.folder(service), stat.S_IFDIR)
        self._check(path, stat.S_IFSOCK)
        return path, PeerPolicy(frozenset([os.getuid(), 0, owner]), self._groups)

    def _check(self, path: str, file_type: int) -> int:
        """Checks a directory or a socket. Returns its owner. A missing file passes: the connection reports it."""
        try:
            status = os.lstat(path)
        except OSError:
            return os.getuid()
        if stat.S_IFMT(status.st_mode) != file_type:
            expected = "a directory" if file_type == stat.S_IFDIR else "a socket"
            raise ServiceError(
                "unauthorized",
                f"{path} is not {expected}, or is a symbolic link: remove it, or set UNDERSTUDY_RUN_DIR to another "
                "directory",
            )
        if status.st_uid not in (os.getuid(), 0) and status.st_gid not in self._groups:
            raise ServiceError(
                "unauthorized",
                f"{path} belongs to user {status.st_uid}, group {status.st_gid}, not to user {os.getuid()}: set "
                "UNDERSTUDY_RUN_DIR to another directory, or list the group in UNDERSTUDY_ALLOW_GIDS",
            )
        is_open_to_all = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
        if file_type == stat.S_IFDIR and is_open_to_all:
            raise ServiceError(
                "unauthorized",
                f"every user may write to {path}: run chmod o-w on it, or set UNDERSTUDY_RUN_DIR to another directory",
            )
        return status.st_uid
