#pragma once

#include "init_report.h"

enum { BAD_USAGE = 1, EXIT_CODE_COUNT = 256, TO_BE_RUN = -1 };

struct InitOptions {
  struct Reporter reporter;
  int is_subreaper;
  int is_group_signalled;
  int warns_of_reaped;
  int parent_death_signal;         /* 0: none */
  char is_told_as_0[EXIT_CODE_COUNT]; /* by exit code */
  char **command;                  /* as execvp(3) takes it */
};

/* Returns TO_BE_RUN, or the code to exit with at once. argv[0] is not looked at. */
int read_init_options(const char *name, int argc, char **argv, struct InitOptions *options);
