/* Not strsignal(3), which tells `Terminated`, in the words of one C library: people write SIGTERM. */

#include "signal_names.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* By number, as on x86-64 and arm64 (signal(7)). */
static const char *const standard[] = {
    "",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP", "ABRT", "BUS",  "FPE", "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",  "PWR", "SYS",
};

enum { STANDARD_COUNT = sizeof standard / sizeof *standard, FIRST_REAL_TIME = 34 };

const char *signal_name(int number) {
  static char text[24];
  if (number > 0 && number < STANDARD_COUNT) snprintf(text, sizeof text, "SIG%s", standard[number]);
  else if (number >= FIRST_REAL_TIME) snprintf(text, sizeof text, "SIGRTMIN+%d", number - FIRST_REAL_TIME);
  else snprintf(text, sizeof text, "SIG%d", number);
  return text;
}

int signal_number(const char *name) {
  const char *bare = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;
  for (int number = 1; number < STANDARD_COUNT; number++) {
    if (strcmp(bare, standard[number]) == 0) return number;
  }
  return 0;
}
