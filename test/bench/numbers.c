/* Writes so many BYTES of numbered lines, 64 KiB at a time, as fast as it is let: each line is 20 digits and a newline,
 * one more than the line before. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kDigits = 20, kLine = kDigits + 1, kLines = 65536 / kLine };

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  char line[kLine];
  memset(line, '0', kDigits);
  line[kDigits] = '\n';
  static char bytes[kLines * kLine];
  for (long long left = atoll(argv[1]); left > 0; left -= sizeof bytes) {
    for (int index = 0; index < kLines; index++) {
      memcpy(bytes + index * kLine, line, kLine);
      int digit = kDigits - 1;
      while (line[digit] == '9') line[digit--] = '0';
      line[digit]++;
    }
    for (size_t from = 0; from < sizeof bytes;) {
      ssize_t written = write(1, bytes + from, sizeof bytes - from);
      if (written <= 0) return 1;
      from += written;
    }
  }
  return 0;
}
