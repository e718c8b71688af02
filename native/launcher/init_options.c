/* The flags and variables of tini 0.19, with its defaults. */

#include "init_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "licence.h"
#include "signal_names.h"

static const char help[] =
    "usage: %s [FLAGS] [--] COMMAND [ARGUMENTS]\n"
    "       %s --version\n"
    "\n"
    "Runs one command as a container's init: passes every signal on to it, collects what dies, and exits as it does\n"
    "(128 + the number of the signal that killed it). A drop-in for tini 0.19.\n"
    "\n"
    "  -s          adopt orphans as a child subreaper, where this is not PID 1\n"
    "  -p SIGNAL   have SIGNAL sent here when the parent dies: -p SIGTERM\n"
    "  -g          pass signals to the command's whole process group\n"
    "  -e CODE     tell this exit code of the command (0 to 255) as 0; any number of times\n"
    "  -w          warn of every orphan that is collected\n"
    "  -v          tell more; up to three times\n"
    "  -l          the licence\n"
    "  -h          this\n"
    "\n"
    "TINI_SUBREAPER (set to anything) is as -s, TINI_KILL_PROCESS_GROUP as -g; TINI_VERBOSITY is a number from\n"
    "0 (fatal errors only) to 4, and overrides -v. 126: the command cannot be executed, 127: there is none.\n";

static int refuse(const char *name, const char *problem, const char *word) {
  fprintf(stderr, "%s: %s%s; %s -h explains\n", name, problem, word, name);
  return BAD_USAGE;
}

/* As tini does, whose scripts look for its usage on standard error. */
static int show_usage(const char *name, const char *problem, const char *word) {
  fprintf(stderr, "%s: %s%s\n\n", name, problem, word);
  fprintf(stderr, help, name, name);
  return BAD_USAGE;
}

/* Digits only: strtol(3) takes an empty word for 0, and white space and signs. */
static int read_exit_code(const char *word, struct InitOptions *options) {
  size_t digits = strspn(word, "0123456789");
  if (digits == 0 || digits > 3 || word[digits] != '\0') return 0;
  int code = atoi(word);
  if (code >= EXIT_CODE_COUNT) return 0;
  options->is_told_as_0[code] = 1;
  return 1;
}

static void read_variables(struct InitOptions *options) {
  if (getenv("TINI_SUBREAPER")) options->is_subreaper = 1;
  if (getenv("TINI_KILL_PROCESS_GROUP")) options->is_group_signalled = 1;
  const char *verbosity = getenv("TINI_VERBOSITY");
  if (verbosity) options->reporter.verbosity = atoi(verbosity);
}

int read_init_options(const char *name, int argc, char **argv, struct InitOptions *options) {
  *options = (struct InitOptions){.reporter = {.name = name, .verbosity = REPORT_WARN}};
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    /* Docker reads the version of its docker-init out of these first words. */
    printf("tini version 0.19.0 (taskmaster init %s)\n", TASKMASTER_VERSION);
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "--help") == 0) argv[1] = "-h";
  opterr = 0;
  /* The plus: what stands after the command is the command's. */
  for (int flag; (flag = getopt(argc, argv, "+:hvwgle:p:s")) != -1;) {
    char letter[] = {(char)optopt, '\0'};
    switch (flag) {
      case 'h': printf(help, name, name); return 0;
      case 'l': fputs(licence, stdout); return 0;
      case 's': options->is_subreaper = 1; break;
      case 'g': options->is_group_signalled = 1; break;
      case 'w': options->warns_of_reaped = 1; break;
      case 'v': options->reporter.verbosity++; break;
      case 'e':
        if (!read_exit_code(optarg, options)) return refuse(name, "-e takes an exit code from 0 to 255, not ", *optarg ? optarg : "nothing");
        break;
      case 'p':
        options->parent_death_signal = signal_number(optarg);
        if (!options->parent_death_signal) return refuse(name, "-p takes a signal such as SIGTERM, not ", *optarg ? optarg : "nothing");
        break;
      case ':': return show_usage(name, "a value is missing after -", letter);
      default: return show_usage(name, "unknown flag -", letter);
    }
  }
  if (optind >= argc) return show_usage(name, "no command to run", "");
  options->command = argv + optind;
  read_variables(options);
  return TO_BE_RUN;
}
