/*
 * Finds Node and the program beside itself and executes them. It is here, and not in a shell script, for what Node
 * destroys before any script runs: the soft limit of open files, which Node raises, and the signal mask and the
 * ignored signals, which Node resets. They are noted in TASKMASTER_INHERITED.
 */

#include "run_node.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../preload/held_signals.h"
#include "signal_set.h"

enum { FOLDER_SIZE = PATH_MAX - 64 };

enum { OPTIONS = 4, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

/*
 * --disable-sigusr1: a signal must not open the inspector. --v8-pool-size: threads count against a pids limit.
 * --min-semi-space-size (MiB): V8 begins with 1, and so collects garbage in the middle of every start.
 */
static char *const node_options[OPTIONS] = {"--disable-sigusr1", "--v8-pool-size=1", "--no-warnings",
                                            "--min-semi-space-size=2"};

static int fail(const char *what, const char *detail, int code) {
  dprintf(2, "taskmaster: %s%s: %s\n", what, detail, strerror(errno));
  return code;
}

static void note_inherited(void) {
  struct rlimit files = {0};
  getrlimit(RLIMIT_NOFILE, &files);
  SignalSet ignored = 0;
  for (int number = 1; number <= LAST_SIGNAL; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored |= only_signal(number);
  }
  char note[160];
  /* RLIM_INFINITY is all ones: written as -1. */
  snprintf(note, sizeof note, "nofile=%lld:%lld,ignored=%llx,blocked=%llx", (long long)files.rlim_cur,
           (long long)files.rlim_max, (unsigned long long)ignored, (unsigned long long)current_mask());
  setenv("TASKMASTER_INHERITED", note, 1);
}

/*
 * A signal that comes while Node starts must wait for the engine's handlers: blocks them all, and has Node's own
 * clearing of the mask undone by hold-signals.so. It stands first in LD_PRELOAD (ld.so(8)); the engine takes it out
 * again. Where it cannot be loaded, Node starts as it does without.
 */
static void hold_signals(const char *folder) {
  char preload[PATH_MAX];
  snprintf(preload, sizeof preload, "%s/hold-signals.so", folder);
  /* Colons and spaces divide the list, and nothing quotes them. */
  if (strpbrk(preload, ": ") || access(preload, R_OK) != 0) return;
  const char *others = getenv("LD_PRELOAD");
  char *list = NULL;
  if (asprintf(&list, others ? "%s:%s" : "%s", preload, others) < 0 || setenv("LD_PRELOAD", list, 1) != 0) return;
  replace_mask(current_mask() | HELD_SIGNALS);
}

/* Puts the real path of a file there; 0 if there is none. */
static int find_file(const char *path, char *found) { return path && *path && realpath(path, found) != NULL; }

/* As execvp(3) looks for a program. */
static int find_in_path(const char *name, char *found) {
  const char *list = getenv("PATH");
  while (list && *list) {
    size_t length = strcspn(list, ":");
    char candidate[PATH_MAX];
    snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, length ? list : ".", name);
    if (access(candidate, X_OK) == 0 && find_file(candidate, found)) return 1;
    list += length;
    if (*list == ':') list++;
  }
  return 0;
}

/* By /proc; where that is not mounted, by what the kernel and the caller say that was executed (getauxval(3)). */
static int find_own_folder(const char *called_as, char *folder) {
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length > 0) program[length] = '\0';
  else if (!find_file((const char *)getauxval(AT_EXECFN), program) &&
           !(called_as && (strchr(called_as, '/') ? find_file(called_as, program) : find_in_path(called_as, program))))
    return 0;
  char *slash = strrchr(program, '/');
  if (!slash || (size_t)(slash - program) >= FOLDER_SIZE) return 0;
  *slash = '\0';
  strcpy(folder, program);
  return 1;
}

/*
 * Does not return if it succeeds. Returns 0 if there is no such file, else the exit code: another Node in the place of
 * one that is there and cannot be executed would hide what is wrong.
 */
static int execute_node(const char *node, char **arguments) {
  execv(node, arguments);
  int failure = errno;
  struct stat status;
  if (failure == ENOENT && lstat(node, &status) != 0) return 0;
  const char *why = failure == ENOENT   ? " (it is there, but not the loader that it needs: is the image of another C library?)"
                    : failure == ENOEXEC ? " (is it for another architecture?)"
                                         : "";
  dprintf(2, "taskmaster: cannot execute %s: %s%s\n", node, strerror(failure), why);
  return NOT_EXECUTABLE;
}

int run_node(const char *name, int argc, char **argv) {
  char folder[FOLDER_SIZE];
  if (!find_own_folder(argc > 0 ? argv[0] : NULL, folder)) {
    dprintf(2, "taskmaster: cannot find my own folder: mount /proc, or call me by my full path\n");
    return NOT_EXECUTABLE;
  }

  char script[PATH_MAX], own_node[PATH_MAX], checkout_node[PATH_MAX];
  snprintf(script, sizeof script, "%s/main.cjs", folder);
  snprintf(own_node, sizeof own_node, "%s/node", folder);
  snprintf(checkout_node, sizeof checkout_node, "%s/../node_modules/.bin/node", folder);

  char **arguments = calloc((size_t)argc + OPTIONS + 4, sizeof *arguments);
  if (!arguments) return fail("cannot start", "", NOT_EXECUTABLE);
  int count = 0;
  arguments[count++] = "node";
  for (int index = 0; index < OPTIONS; index++) arguments[count++] = node_options[index];
  arguments[count++] = script;
  arguments[count++] = (char *)name;
  for (int index = 1; index < argc; index++) arguments[count++] = argv[index];

  note_inherited();
  if (argc > 2 && strcmp(argv[1], "engine") == 0 && strcmp(argv[2], "start") == 0) hold_signals(folder);
  const char *chosen = getenv("TASKMASTER_NODE");
  if (chosen && *chosen) {
    execv(chosen, arguments);
    return fail("cannot execute TASKMASTER_NODE=", chosen, errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
  }
  int code = execute_node(own_node, arguments);
  if (code == 0) code = execute_node(checkout_node, arguments);
  if (code != 0) return code;
  execvp("node", arguments);
  return fail("cannot execute node", " (neither beside me nor in PATH)", errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}
