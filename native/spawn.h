#pragma once

#include <napi.h>

namespace taskmaster {

// spawn(request): starts a program; see src/system/native.ts for the shapes.
Napi::Value Spawn(const Napi::CallbackInfo& info);

}  // namespace taskmaster
