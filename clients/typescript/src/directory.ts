// SPDX-License-Identifier: Apache-2.0

import { lstatSync, readdirSync } from "node:fs";

import { ServiceError } from "./errors.js";

const everyoneMayWrite = 0o002;
const sticky = 0o1000;

/** The directory of all sockets, `<service>/<instance>.sock`. */
export class RunDirectory {
  private readonly groups: ReadonlySet<number>;

  /**
   * @param path `UNDERSTUDY_RUN_DIR` if absent, else `$XDG_RUNTIME_DIR/understudy`, else `/tmp/understudy-<uid>`.
   */
  constructor(readonly path: string = defaultPath()) {
    const groups = (process.env["UNDERSTUDY_ALLOW_GIDS"] ?? "").split(/[, ]+/);
    this.groups = new Set(groups.filter((group) => group !== "").map(Number));
  }

  /** The folder of a service's sockets. */
  folder(service: string): string {
    return `${this.path}/${service}`;
  }

  /** The path of an instance's socket. */
  socket(service: string, instance: string): string {
    return `${this.folder(service)}/${instance}.sock`;
  }

  /**
   * The published instances of a service, each with what identifies its process.
   *
   * Throws `unauthorized` if another user may replace the sockets.
   */
  instances(service: string): Map<string, string> {
    const found = new Map<string, string>();
    if (!this.isTrusted(this.path) || !this.isTrusted(this.folder(service))) return found;
    for (const name of ifPresent(() => readdirSync(this.folder(service))) ?? []) {
      if (!name.endsWith(".sock") || name.startsWith(".")) continue;
      const instance = name.slice(0, -".sock".length);
      const status = ifPresent(() => lstatSync(this.socket(service, instance)));
      if (!status?.isSocket() || !this.isOwned(status)) continue;
      found.set(instance, `${status.dev}:${status.ino}:${status.ctimeMs}`);
    }
    return found;
  }

  /** Whether a folder exists. Throws if it is not safe to use. */
  private isTrusted(path: string): boolean {
    const status = ifPresent(() => lstatSync(path));
    if (!status) return false;
    if (!status.isDirectory()) {
      const problem = `${path} is not a directory, or is a symbolic link`;
      throw new ServiceError("unauthorized", `${problem}: set UNDERSTUDY_RUN_DIR to another directory`);
    }
    if (!this.isOwned(status)) {
      const owner = `user ${status.uid}, group ${status.gid}`;
      const remedy = "set UNDERSTUDY_RUN_DIR to another directory, or list the group in UNDERSTUDY_ALLOW_GIDS";
      throw new ServiceError("unauthorized", `${path} belongs to ${owner}: ${remedy}`);
    }
    if (status.mode & everyoneMayWrite && !(status.mode & sticky)) {
      throw new ServiceError("unauthorized", `every user may write to ${path}: run chmod o-w on it`);
    }
    return true;
  }

  private isOwned({ uid, gid }: { uid: number; gid: number }): boolean {
    return uid === 0 || uid === process.getuid?.() || this.groups.has(gid);
  }
}

function defaultPath(): string {
  const { UNDERSTUDY_RUN_DIR: path, XDG_RUNTIME_DIR: base } = process.env;
  if (path) return path;
  return base ? `${base}/understudy` : `/tmp/understudy-${process.getuid?.() ?? 0}`;
}

/** The result of a file system call; `undefined` if there is no such file. */
function ifPresent<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
