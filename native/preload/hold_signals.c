/*
 * dist/hold-signals.so, preloaded into the engine's Node (ld.so(8)): keeps the signals blocked that the launcher
 * blocked, until the engine has a handler for each. Without it Node clears the mask in its first milliseconds, and a
 * signal that comes then is dropped where Node is PID 1, and kills it where it is not. A blocked one waits.
 *
 * Linked to no C library, so that it fits the one that Node has, whichever that is.
 */

#include "held_signals.h"

#include <stddef.h>
#include <sys/syscall.h>

#define EXPORTED __attribute__((visibility("default")))

extern int *__errno_location(void) __attribute__((weak));

/* The process whose signals are held. What it forks, and everything once they are released, has its own way. */
static long holder;

#if defined(__x86_64__)
static long call4(long number, long first, long second, long third, long fourth) {
  register long fourth_register __asm__("r10") = fourth;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(first), "S"(second), "d"(third), "r"(fourth_register)
                   : "rcx", "r11", "memory");
  return number;
}
#elif defined(__aarch64__)
static long call4(long number, long first, long second, long third, long fourth) {
  register long result __asm__("x0") = first;
  register long second_register __asm__("x1") = second, third_register __asm__("x2") = third;
  register long fourth_register __asm__("x3") = fourth, number_register __asm__("x8") = number;
  __asm__ volatile("svc 0"
                   : "+r"(result)
                   : "r"(second_register), "r"(third_register), "r"(fourth_register), "r"(number_register)
                   : "memory");
  return result;
}
#endif

static int is_holding(void) { return holder != 0 && holder == call4(SYS_getpid, 0, 0, 0, 0); }

__attribute__((constructor)) static void begin(void) { holder = call4(SYS_getpid, 0, 0, 0, 0); }

EXPORTED void taskmaster_release_signals(void) { holder = 0; }

/* Over the kernel's own mask: only the first eight bytes of a sigset_t mean anything (rt_sigprocmask(2)). */
EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *former) {
  SignalSet wanted = 0;
  if (set) {
    wanted = *(const SignalSet *)set;
    if (how != SIG_UNBLOCK) wanted &= ~LIBRARY_SIGNALS;
    if (is_holding() && how == SIG_SETMASK) wanted |= HELD_SIGNALS;
    if (is_holding() && how == SIG_UNBLOCK) wanted &= ~HELD_SIGNALS;
  }
  return (int)-call4(SYS_rt_sigprocmask, how, (long)(set ? &wanted : NULL), (long)former, sizeof wanted);
}

EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *former) {
  int failure = pthread_sigmask(how, set, former);
  if (failure == 0) return 0;
  if (__errno_location) *__errno_location() = failure;
  return -1;
}
