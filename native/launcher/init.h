#pragma once

/*
 * Runs a command as an init does, in the way of tini 0.19, whether PID 1 or not.
 * name: what it calls itself. argv[0] is not looked at. Returns the exit code.
 */
int run_init(const char *name, int argc, char **argv);
