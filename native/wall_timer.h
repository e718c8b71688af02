#pragma once

#include <napi.h>

namespace taskmaster {

// openWallTimer(): a timer of the wall clock, or minus the errno.
Napi::Value OpenWallTimer(const Napi::CallbackInfo& info);
// setWallTimer(fd, epochMs): readable at that time, or as soon as the clock is set or the machine wakes. 0, or an errno.
Napi::Value SetWallTimer(const Napi::CallbackInfo& info);

}  // namespace taskmaster
