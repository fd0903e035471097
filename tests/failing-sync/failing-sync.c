/*
 * A library for LD_PRELOAD: fsync and fdatasync of a file whose name ends in -wal fail with EIO while the file named
 * by FAILING_SYNC exists. The writes before them succeed, as with a disk that loses what it has taken.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int sync_function(int);

static int fails(int file) {
  const char *flag = getenv("FAILING_SYNC");
  if (flag == NULL || access(flag, F_OK) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

static int sync_or_fail(const char *name, int file) {
  if (fails(file)) {
    errno = EIO;
    return -1;
  }
  return ((sync_function *)dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return sync_or_fail("fsync", file); }
int fdatasync(int file) { return sync_or_fail("fdatasync", file); }
