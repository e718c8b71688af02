#pragma once

#include <napi.h>

namespace taskmaster {

// resizePipe(fd, bytes): F_SETPIPE_SZ of fcntl(2). Returns the size it has then, whether the kernel agreed or not.
Napi::Value ResizePipe(const Napi::CallbackInfo& info);

// resizeTerminal(fd, columns, rows): 0 or the errno's number. Whoever is in its foreground gets SIGWINCH.
Napi::Value ResizeTerminal(const Napi::CallbackInfo& info);

}  // namespace taskmaster
