#include "engine_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { BUSY_LIMIT_S = 5 };

/* Anyone who may write to the folder of a usual place could listen there instead of the engine (SO_PEERCRED, unix(7)). */
static int is_trusted(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
  return peer.uid == 0 || peer.uid == geteuid() || peer.pid == 1;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  /* The queue of those who knock may be full: connect(2) then waits for room, and for so long. */
  struct timeval limit = {.tv_sec = BUSY_LIMIT_S};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && is_trusted(fd)) return fd;
  close(fd);
  return -1;
}

/* Anybody can make a folder below /tmp: it has to be our own. */
static int is_private(const char *folder) {
  struct stat status;
  return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

static int try_place(const char *folder, char *path) {
  int length = snprintf(path, SOCKET_PATH_SIZE, "%s/taskmaster.sock", folder);
  return length < SOCKET_PATH_SIZE ? connect_to(path) : -1;
}

int connect_to_engine(const char *named, char *path) {
  if (named) {
    if (strlen(named) >= SOCKET_PATH_SIZE) return -1;
    strcpy(path, named);
    return connect_to(path);
  }
  int fd = try_place("/run/taskmaster", path);
  if (fd >= 0) return fd;
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime == '/' && (fd = try_place(runtime, path)) >= 0) return fd;
  char folder[64];
  snprintf(folder, sizeof folder, "/tmp/taskmaster-%u", (unsigned)geteuid());
  return is_private(folder) ? try_place(folder, path) : -1;
}
