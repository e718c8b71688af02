#pragma once

#include <napi.h>

namespace taskmaster {

// reap(leaveAlone, most): collects dead children; see src/system/native.ts.
Napi::Value Reap(const Napi::CallbackInfo& info);

// hasChildren(): false once there is no child at all, dead or alive.
Napi::Value HasChildren(const Napi::CallbackInfo& info);

// becomeSubreaper(): orphans below come to us although we are not PID 1 (prctl(2)).
Napi::Value BecomeSubreaper(const Napi::CallbackInfo& info);

}  // namespace taskmaster
