#pragma once

/* Executes Node with taskmaster's program and the words of argv; returns an exit code only where that failed. */
int run_node(const char *name, int argc, char **argv);
