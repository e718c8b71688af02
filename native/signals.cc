#include "signals.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace taskmaster {
namespace {

struct Watch {
  uv_signal_t handle;
  class WatchList* list;
};

// The handles of one environment. libuv owns the signal handler and its wake-up pipe, as for process.on.
class WatchList {
 public:
  WatchList(Napi::Function callback)
      : callback_(Napi::Persistent(callback)), context_(callback.Env(), "taskmaster.signal") {}

  bool Add(uv_loop_t* loop, int signal) {
    Watch* watch = new Watch;
    watch->list = this;
    if (uv_signal_init(loop, &watch->handle) != 0) {
      delete watch;
      return false;
    }
    watch->handle.data = watch;
    watches_.push_back(watch);
    // Waiting for a signal is no reason to keep the process running.
    uv_unref(reinterpret_cast<uv_handle_t*>(&watch->handle));
    return uv_signal_start(&watch->handle, OnSignal, signal) == 0;
  }

  ~WatchList() {
    for (Watch* watch : watches_) {
      // The handle must outlive its closing, which the loop finishes in its own time.
      uv_close(reinterpret_cast<uv_handle_t*>(&watch->handle),
               [](uv_handle_t* handle) { delete static_cast<Watch*>(handle->data); });
    }
  }

 private:
  static void OnSignal(uv_signal_t* handle, int signal) {
    WatchList* list = static_cast<Watch*>(handle->data)->list;
    Napi::Env env = list->callback_.Env();
    Napi::HandleScope scope(env);
    list->callback_.MakeCallback(env.Global(), {Napi::Number::New(env, signal)}, list->context_);
  }

  Napi::FunctionReference callback_;
  Napi::AsyncContext context_;
  std::vector<Watch*> watches_;
};

// The launcher put ours first: what the user had, even an empty list, is what follows the first colon.
void RestorePreload() {
  constexpr std::string_view kOurs = "/hold-signals.so";
  const char* list = getenv("LD_PRELOAD");
  if (list == nullptr) return;
  std::string_view first(list);
  first = first.substr(0, first.find(':'));
  if (!first.ends_with(kOurs)) return;
  if (list[first.size()] == '\0') unsetenv("LD_PRELOAD");
  else setenv("LD_PRELOAD", std::string(list + first.size() + 1).c_str(), 1);
}

}  // namespace

Napi::Value Kill(const Napi::CallbackInfo& info) {
  pid_t pid = info[0].ToNumber().Int32Value();
  int signal = info[1].ToNumber().Int32Value();
  return Napi::Number::New(info.Env(), kill(pid, signal) == 0 ? 0 : errno);
}

Napi::Value WatchSignals(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    Napi::Error::New(env, "this environment has no event loop").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Array signals = info[0].As<Napi::Array>();
  auto list = std::make_unique<WatchList>(info[1].As<Napi::Function>());
  sigset_t watched;
  sigemptyset(&watched);
  for (uint32_t index = 0; index < signals.Length(); ++index) {
    int signal = signals.Get(index).ToNumber().Int32Value();
    sigaddset(&watched, signal);
    if (list->Add(loop, signal)) continue;
    Napi::RangeError::New(env, "cannot watch signal " + std::to_string(signal)).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  // `node --disable-sigusr1` keeps that signal blocked; what came meanwhile is delivered now.
  pthread_sigmask(SIG_UNBLOCK, &watched, nullptr);
  // Kept by the environment: replaced by the next watch, closed with the environment.
  delete env.GetInstanceData<WatchList>();
  env.SetInstanceData(list.release());
  return env.Undefined();
}

Napi::Value IgnoreSignals(const Napi::CallbackInfo& info) {
  Napi::Array signals = info[0].As<Napi::Array>();
  for (uint32_t index = 0; index < signals.Length(); ++index)
    signal(signals.Get(index).ToNumber().Int32Value(), SIG_IGN);
  return info.Env().Undefined();
}

Napi::Value ReleaseSignals(const Napi::CallbackInfo& info) {
  RestorePreload();
  // Not there where it was not preloaded: not started by the launcher, or a Node that takes no preloads.
  auto release = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "taskmaster_release_signals"));
  if (release == nullptr) return info.Env().Undefined();
  release();
  // Of this thread alone: the others keep them blocked, and all that waits is delivered here and now.
  uint64_t no_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
  return info.Env().Undefined();
}

}  // namespace taskmaster
