/*
 * launch PROGRAM ARGUMENTS: executes the program and prints two times in nanoseconds: from the exec to main() of
 * `launch --stamp`, which the arguments may end in (else 0), and from the exec to the program's end.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--stamp") == 0) {
    long long moment = now();
    return write(3, &moment, sizeof moment) == sizeof moment ? 0 : 1;
  }
  int stamps[2];
  if (argc < 2 || pipe(stamps) != 0) return 2;
  pid_t pid = fork();
  if (pid == 0) {
    if (stamps[1] != 3) dup2(stamps[1], 3);
    long long moment = now();
    if (write(3, &moment, sizeof moment) != sizeof moment) return 2;
    execvp(argv[1], argv + 1);
    return 2;
  }
  int status;
  waitpid(pid, &status, 0);
  long long end = now(), start = 0, stamped = 0;
  close(stamps[1]);
  if (status != 0 || read(stamps[0], &start, sizeof start) != sizeof start) return 2;
  if (read(stamps[0], &stamped, sizeof stamped) != sizeof stamped) stamped = start;
  printf("%lld %lld\n", stamped - start, end - start);
  return 0;
}
