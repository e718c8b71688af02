#include "threads.h"

#include <signal.h>

#include <initializer_list>

namespace taskmaster {

timespec After(int milliseconds) {
  timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += milliseconds / 1000;
  at.tv_nsec += (milliseconds % 1000) * 1'000'000L;
  if (at.tv_nsec >= 1'000'000'000L) {
    at.tv_sec += 1;
    at.tv_nsec -= 1'000'000'000L;
  }
  return at;
}

void InitCondition(pthread_cond_t* condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

bool StartThread(void* (*main)(void*), void* argument, size_t stack_bytes) {
  // Signals are for the main thread; a fault is the business of the thread that causes it.
  sigset_t others, before;
  sigfillset(&others);
  for (int signal : {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGCHLD}) sigdelset(&others, signal);
  pthread_sigmask(SIG_SETMASK, &others, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  bool is_made = pthread_create(&thread, &attributes, main, argument) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return is_made;
}

}  // namespace taskmaster
