#include "threads.h"

#include <signal.h>

#include <cerrno>
#include <initializer_list>

namespace taskmaster {
namespace {

// Enough for a look-up of names, which runs modules of the C library.
constexpr size_t kStackBytes = 256 * 1024;
constexpr int kIdleSeconds = 5;

// Waited for by the clock of `After`.
void InitCondition(pthread_cond_t* condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

// Nobody waits for it, and it takes no signals. False: there is none to be had.
bool StartThread(void* (*main)(void*), void* argument) {
  // Signals are for the main thread; a fault is the business of the thread that causes it.
  sigset_t others, before;
  sigfillset(&others);
  for (int signal : {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGCHLD}) sigdelset(&others, signal);
  pthread_sigmask(SIG_SETMASK, &others, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  bool is_made = pthread_create(&thread, &attributes, main, argument) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return is_made;
}

uv_handle_t* HandleOf(uv_async_t* signal) { return reinterpret_cast<uv_handle_t*>(signal); }

}  // namespace

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

ThreadPool::ThreadPool(Napi::Env env, const char* name, int max_threads)
    : env_(env), context_(env, name), max_threads_(max_threads) {
  InitCondition(&work_);
  InitCondition(&answered_);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  done_signal_.data = this;
  uv_async_init(loop, &done_signal_, [](uv_async_t* handle) { static_cast<ThreadPool*>(handle->data)->Finish(); });
  uv_unref(HandleOf(&done_signal_));
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto* self = static_cast<ThreadPool*>(data);
        Lock lock(&self->mutex_);
        self->is_closed_ = true;
        uv_close(HandleOf(&self->done_signal_), nullptr);
        self->Close();
      },
      this);
}

bool ThreadPool::AddThread() {
  if (threads_ >= max_threads_ || !StartThread(Main, this)) return false;
  ++threads_;
  return true;
}

void* ThreadPool::Main(void* self) {
  auto* pool = static_cast<ThreadPool*>(self);
  Lock lock(&pool->mutex_);
  pool->Work();
  --pool->threads_;
  return nullptr;
}

bool ThreadPool::AwaitWork(bool must_stay) {
  // The last idle one sleeps for good: another might not be to be had when it is needed.
  if (++idle_ == 1 || must_stay) {
    pthread_cond_wait(&work_, &mutex_);
    --idle_;
    return true;
  }
  timespec until = After(kIdleSeconds * 1000);
  int result = pthread_cond_timedwait(&work_, &mutex_, &until);
  --idle_;
  return result != ETIMEDOUT || HasRunnable() || idle_ == 0;
}

void ThreadPool::Wake() {
  if (!is_closed_) uv_async_send(&done_signal_);
}

void ThreadPool::BeginPending() {
  if (pending_++ == 0) uv_ref(HandleOf(&done_signal_));
}

void ThreadPool::EndPending() {
  if (--pending_ == 0) uv_unref(HandleOf(&done_signal_));
}

}  // namespace taskmaster
