#pragma once

enum { RUN_NODE = -1 };

/*
 * Has the engine run a command of taskshell, and prints what it answers. Returns the exit code; RUN_NODE if no engine
 * answers, or if the command is for a client of its own: nothing has been done then, and nothing is printed.
 */
int run_verb(const char *name, int argc, char **argv);
