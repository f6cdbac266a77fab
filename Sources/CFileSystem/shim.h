// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <sys/vfs.h>

/// The number of the file system that a path is on; -1 where that cannot be told.
static inline long cfilesystem_type(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (long)status.f_type : -1;
}

/// The same of an open file.
static inline long cfilesystem_type_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (long)status.f_type : -1;
}
