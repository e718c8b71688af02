#pragma once

#include <napi.h>

namespace taskmaster {

// acceptMore(fd, most): descriptors of connections that wait at a listening socket, non-blocking and close-on-exec.
Napi::Value AcceptMore(const Napi::CallbackInfo& info);

}  // namespace taskmaster
