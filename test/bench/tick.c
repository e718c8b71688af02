/* Prints CLOCK_MONOTONIC in nanoseconds, a line every ten milliseconds. */
#include <stdio.h>
#include <time.h>

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct timespec pause = {0, 10000000}, now;
  for (;;) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    nanosleep(&pause, NULL);
  }
}
