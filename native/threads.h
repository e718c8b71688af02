#pragma once

#include <pthread.h>
#include <time.h>

#include <cstddef>

namespace taskmaster {

class Lock {
 public:
  explicit Lock(pthread_mutex_t* mutex) : mutex_(mutex) { pthread_mutex_lock(mutex_); }
  ~Lock() { pthread_mutex_unlock(mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  pthread_mutex_t* mutex_;
};

// That many milliseconds from now, by a clock that only grows.
timespec After(int milliseconds);

// A condition that is waited for by that clock.
void InitCondition(pthread_cond_t* condition);

// A thread that nobody waits for, and that takes no signals. False: there is none to be had.
bool StartThread(void* (*main)(void*), void* argument, size_t stack_bytes);

}  // namespace taskmaster
