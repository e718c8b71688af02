#pragma once

#include <napi.h>

namespace taskmaster {

// resizePipe(fd, bytes): F_SETPIPE_SZ of fcntl(2). Returns the size it has then, whether the kernel agreed or not.
Napi::Value ResizePipe(const Napi::CallbackInfo& info);

}  // namespace taskmaster
