/* Writes as fast as it is let: lines of 100 bytes, BYTES at a time to standard output, for so many SECONDS. Then tells
 * FILE how many bytes it wrote in how many nanoseconds, and waits, so that its readers are there to be looked at. Before
 * it begins it makes FILE and waits a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  size_t size = strtoul(argv[1], NULL, 10);
  long long limit = (long long)(atof(argv[2]) * 1e9);
  char *bytes = malloc(size + 100);
  for (size_t at = 0; at < size; at += 100) {
    memset(bytes + at, '.', 99);
    bytes[at + 99] = '\n';
  }
  bytes[size - 1] = '\n';
  FILE *file = fopen(argv[3], "w");
  if (file == NULL) return 1;
  sleep(1);
  long long from = now(), total = 0, to = from;
  for (unsigned turn = 0;; turn++) {
    if (turn % 64 == 0 && (to = now()) - from >= limit) break;
    ssize_t written = write(1, bytes, size);
    if (written <= 0) return 1;
    total += written;
  }
  if (fprintf(file, "%lld %lld\n", total, to - from) < 0 || fclose(file) != 0) return 1;
  for (;;) pause();
}
