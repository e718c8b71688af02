#pragma once

#include <napi.h>

namespace taskmaster {

// trimMemory(): malloc_trim(3). What the C library keeps for later goes back to the kernel.
Napi::Value TrimMemory(const Napi::CallbackInfo& info);

}  // namespace taskmaster
