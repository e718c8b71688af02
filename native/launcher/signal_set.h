#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Signal masks as the kernel has them, one bit a signal. Not sigset_t: the C library leaves out the two signals that
 * it keeps for its threads (nptl(7)), and anybody may send those all the same.
 */
typedef uint64_t SignalSet;

enum { LAST_SIGNAL = 64 };

#define ALL_SIGNALS (~(SignalSet)0)

static inline SignalSet only_signal(int number) { return (SignalSet)1 << (number - 1); }

/* Returns the mask as it was (rt_sigprocmask(2)). */
static inline SignalSet replace_mask(SignalSet wanted) {
  SignalSet former = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &wanted, &former, sizeof wanted);
  return former;
}

static inline SignalSet current_mask(void) {
  SignalSet mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof mask);
  return mask;
}

/* Sleeps until a blocked signal is there and takes it; -1 where the sleep was disturbed (sigwaitinfo(2)). */
static inline int take_signal(void) {
  SignalSet wanted = ALL_SIGNALS;
  return (int)syscall(SYS_rt_sigtimedwait, &wanted, NULL, NULL, sizeof wanted);
}
