// SPDX-License-Identifier: Apache-2.0

// Preloaded into a process: kills it before its nth call of rename() in any thread, where n is KILL_AT_RENAME.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

int rename(const char *from, const char *to) {
    static atomic_int count;
    const char *number = getenv("KILL_AT_RENAME");
    if (number && atomic_fetch_add(&count, 1) + 1 == atoi(number)) kill(getpid(), SIGKILL);
    int (*next)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return next(from, to);
}
