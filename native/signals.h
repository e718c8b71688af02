#pragma once

#include <napi.h>

namespace taskmaster {

// kill(pid, signal): kill(2), the pid as it is (negative: a group). Returns 0 or the errno.
Napi::Value Kill(const Napi::CallbackInfo& info);

// watchSignals(signals, callback): for real-time signals, which process.on cannot name.
Napi::Value WatchSignals(const Napi::CallbackInfo& info);

// ignoreSignals(signals): SIG_IGN; the kernel drops them when they are sent, also those that wait.
Napi::Value IgnoreSignals(const Napi::CallbackInfo& info);

// releaseSignals(): ends what hold-signals.so began, and takes it out of LD_PRELOAD. Called once every handler is there.
Napi::Value ReleaseSignals(const Napi::CallbackInfo& info);

}  // namespace taskmaster
