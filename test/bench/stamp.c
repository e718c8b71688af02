/* A service whose main() is a moment: appends CLOCK_MONOTONIC in nanoseconds to the file it is given, then sleeps. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  char line[64];
  int length = snprintf(line, sizeof line, "%lld %d\n", now.tv_sec * 1000000000LL + now.tv_nsec, getpid());
  int fd = argc > 1 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : 1;
  if (fd < 0 || write(fd, line, length) != length) return 1;
  if (fd > 2) close(fd);
  for (;;) pause();
}
