// Preloaded into a process: kills it as it is about to rename a file for the nth time, whichever thread does, where KILL_AT_RENAME is n.
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
