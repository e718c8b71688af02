/*
 * The init itself. Every signal is blocked from its first instruction to its last and taken one by one by
 * sigwaitinfo(2): none is lost, not even those whose default is to be ignored, no handler runs, no call is
 * interrupted, and nothing wakes an idle init.
 */

#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init_options.h"
#include "signal_names.h"
#include "signal_set.h"

/* Before Linux 5.9 there is no close_range(2). */
enum { MAX_TO_CLOSE = 65536 };

enum { FAILED = 1, NOT_EXECUTABLE = 126, NOT_FOUND = 127, SIGNALLED = 128 };

/* As it came to us, for the command to have. */
struct Inherited {
  SignalSet mask;
  struct sigaction child_action;
  int is_foreground; /* of the terminal that is standard input */
};

static int take_role(const struct InitOptions *options) {
  const struct Reporter *to = &options->reporter;
  if (options->parent_death_signal && prctl(PR_SET_PDEATHSIG, options->parent_death_signal) != 0) {
    report(to, REPORT_FATAL, "cannot ask for %s at the parent's death: %s", signal_name(options->parent_death_signal),
           strerror(errno));
    return 0;
  }
  if (options->is_subreaper) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
      report(to, REPORT_FATAL, "cannot become a child subreaper: %s; run it as PID 1, or without -s", strerror(errno));
      return 0;
    }
    report(to, REPORT_TRACE, "registered as child subreaper");
  }
  int is_subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  if (getpid() != 1 && !is_subreaper) {
    report(to, REPORT_WARN,
           "neither PID 1 nor a child subreaper: orphans will not come here and are not collected; "
           "use -s or set TINI_SUBREAPER, or run it as PID 1");
  }
  return 1;
}

/* Sockets that were passed on are for the process with this pid (sd_listen_fds(3)), which is the command now. */
static void pass_sockets_on(void) {
  if (!getenv("LISTEN_FDS")) return;
  char pid[16];
  snprintf(pid, sizeof pid, "%d", (int)getpid());
  setenv("LISTEN_PID", pid, 1);
  unsetenv("LISTEN_PIDFDID");
}

/* The command has them; held here too, a pipe would never end and a mount never be free. */
static void let_go_of_inherited(void) {
  if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0) {
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = STDERR_FILENO + 1; fd < (limit > 0 && limit < MAX_TO_CLOSE ? limit : MAX_TO_CLOSE); fd++) close(fd);
  }
  if (chdir("/") != 0) return;
}

static void execute_command(const struct InitOptions *options, const struct Inherited *inherited) {
  /* A group of its own, and with it the terminal where it was ours: what is typed goes to the command alone. */
  setpgid(0, 0);
  /* SIGTTOU is blocked: a background group may do this (tcsetpgrp(3)). */
  if (inherited->is_foreground) tcsetpgrp(STDIN_FILENO, getpgrp());
  sigaction(SIGCHLD, &inherited->child_action, NULL);
  pass_sockets_on();
  replace_mask(inherited->mask);
  execvp(options->command[0], options->command);
  int failure = errno;
  replace_mask(ALL_SIGNALS);
  report(&options->reporter, REPORT_FATAL, "cannot execute %s: %s", options->command[0], strerror(failure));
  _exit(failure == ENOENT ? NOT_FOUND : failure == EACCES ? NOT_EXECUTABLE : FAILED);
}

static void pass_on(int number, pid_t command, const struct InitOptions *options) {
  report(&options->reporter, REPORT_DEBUG, "passing %s on", signal_name(number));
  if (kill(options->is_group_signalled ? -command : command, number) == 0) return;
  report(&options->reporter, REPORT_WARN, "cannot pass %s on to %d: %s", signal_name(number), (int)command,
         strerror(errno));
}

static int exit_code_of(int status, const struct InitOptions *options) {
  int code;
  if (WIFEXITED(status)) {
    code = WEXITSTATUS(status);
    report(&options->reporter, REPORT_INFO, "the command exited with code %d", code);
  } else {
    code = SIGNALLED + WTERMSIG(status);
    report(&options->reporter, REPORT_INFO, "the command was killed by %s", signal_name(WTERMSIG(status)));
  }
  return options->is_told_as_0[code] ? 0 : code;
}

/*
 * The warning has the words of tini 0.19: scripts look for them.
 * SIGCHLD is not queued, one may stand for many deaths (signal(7)): collects until nothing is left.
 * Returns the exit code where the command is among the dead, else -1.
 */
static int collect_dead(pid_t command, const struct InitOptions *options) {
  int code = -1, status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    report(&options->reporter, REPORT_DEBUG, "collected %d", (int)pid);
    if (pid == command) code = exit_code_of(status, options);
    else if (options->warns_of_reaped) report(&options->reporter, REPORT_WARN, "Reaped zombie process with pid=%d", (int)pid);
  }
  report(&options->reporter, REPORT_TRACE, "nobody else to collect");
  return code;
}

int run_init(const char *name, int argc, char **argv) {
  struct Inherited inherited = {.mask = replace_mask(ALL_SIGNALS)};
  /* Where SIGCHLD came ignored, the kernel would collect the command and drop its exit code (wait(2)). */
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &inherited.child_action);

  struct InitOptions options;
  int early_code = read_init_options(name, argc, argv, &options);
  if (early_code != TO_BE_RUN) return early_code;
  if (!take_role(&options)) return FAILED;

  inherited.is_foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();
  pid_t command = fork();
  if (command == 0) execute_command(&options, &inherited);
  if (command < 0) {
    report(&options.reporter, REPORT_FATAL, "cannot start %s: %s", options.command[0], strerror(errno));
    return FAILED;
  }
  let_go_of_inherited();
  /* Here too: the first signal for the group may come before the command has made it. */
  setpgid(command, command);
  report(&options.reporter, REPORT_INFO, "started %s as pid %d", options.command[0], (int)command);

  for (;;) {
    int number = take_signal();
    if (number > 0 && number != SIGCHLD) pass_on(number, command, &options);
    int code = number == SIGCHLD ? collect_dead(command, &options) : -1;
    if (code >= 0) return code;
  }
}
