#pragma once

#include "../launcher/signal_set.h"

/* The C library's own, by which it changes the ids of all threads at once (nptl(7)): never to be blocked. */
#define LIBRARY_SIGNALS (only_signal(32) | only_signal(33))

/* Faults of Node itself; V8 has handlers of its own for some. */
#define FAULT_SIGNALS                                                                                         \
  (only_signal(SIGILL) | only_signal(SIGTRAP) | only_signal(SIGABRT) | only_signal(SIGBUS) | only_signal(SIGFPE) | \
   only_signal(SIGSEGV) | only_signal(SIGSYS))

/*
 * What waits until the engine has its handlers. Not SIGPROF, V8's profiler's, and not SIGCHLD: the reaper begins by
 * looking for itself, and a shell that stands in for Node needs it.
 */
#define HELD_SIGNALS (~(LIBRARY_SIGNALS | FAULT_SIGNALS | only_signal(SIGPROF) | only_signal(SIGCHLD)))
