#pragma once

#include <napi.h>

namespace taskmaster {

// refuseDescriptors(fd): nobody can pass descriptors over a Unix socket, nor over what connects to a listening one.
// False where the kernel does not know that (before Linux 6.16).
Napi::Value RefuseDescriptors(const Napi::CallbackInfo& info);

}  // namespace taskmaster
