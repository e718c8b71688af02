/*
 * dist/taskmaster, and every link to it. Static, so that it costs a third of a millisecond and needs nothing of the
 * image: as an init it is all there is; a command that an engine can run is run there (verb.c); for everything else it
 * finds Node and steps aside.
 */

#include <string.h>

#include "init.h"
#include "run_node.h"
#include "verb.h"

/* What images call tini by: its own name, Docker's for --init, and that of the static build. */
static const char *const init_names[] = {"tini", "docker-init", "tini-static"};

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static int is_init_name(const char *name) {
  for (size_t index = 0; index < sizeof init_names / sizeof *init_names; index++) {
    if (strcmp(name, init_names[index]) == 0) return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *name = argc > 0 ? base_name(argv[0]) : "taskmaster";
  if (is_init_name(name)) return run_init(name, argc, argv);
  if (argc > 1 && strcmp(argv[1], "init") == 0) return run_init("taskmaster init", argc - 1, argv + 1);
  int code = run_verb(name, argc, argv);
  return code == RUN_NODE ? run_node(name, argc, argv) : code;
}
