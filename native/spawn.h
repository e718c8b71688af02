#pragma once

#include <napi.h>

namespace taskmaster {

// spawn(request, patienceMs, answer): starts a program; see src/system/native.ts for the shapes.
Napi::Value Spawn(const Napi::CallbackInfo& info);

// abandonSpawn(id): gives up one that is pending.
Napi::Value AbandonSpawn(const Napi::CallbackInfo& info);

}  // namespace taskmaster
