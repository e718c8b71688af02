#pragma once

#include <napi.h>
#include <pthread.h>
#include <time.h>
#include <uv.h>

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

// Threads that do what may hang, and wake the main thread when some of it is done. Never freed: threads that are held up
// use it until the process ends.
class ThreadPool {
 public:
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

 protected:
  ThreadPool(Napi::Env env, const char* name, int max_threads);
  ~ThreadPool() = default;

  // Of one thread, with the lock held; it ends with this.
  virtual void Work() = 0;
  virtual bool HasRunnable() const = 0;
  // Called in the main thread, some time after `Wake`.
  virtual void Finish() = 0;
  // The environment ends: closes what else there is of libuv.
  virtual void Close() {}

  // False: there is no thread to be had.
  bool AddThread();
  // Waits for work, with the lock held. False: the thread is to end. The last idle one stays.
  bool AwaitWork(bool must_stay);
  // With the lock held.
  void Wake();
  // Only in the main thread: the event loop stays for as long as it has begun more than it has ended.
  void BeginPending();
  void EndPending();

  Napi::Env env_;
  Napi::AsyncContext context_;
  bool is_closed_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work_;
  // For those who stand still for an answer.
  pthread_cond_t answered_;
  int threads_ = 0;
  int idle_ = 0;

 private:
  static void* Main(void* self);

  uv_async_t done_signal_;
  const int max_threads_;
  int pending_ = 0;
};

}  // namespace taskmaster
