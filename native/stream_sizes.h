#pragma once

#include <napi.h>

namespace taskmaster {

// resizePipe(fd, bytes): F_SETPIPE_SZ of fcntl(2). Returns the size it has then, whether the kernel agreed or not.
Napi::Value ResizePipe(const Napi::CallbackInfo& info);

// unreadBytes(fd): what the other end of a pipe, socket or terminal has not read yet; -1 if the kernel does not say.
Napi::Value UnreadBytes(const Napi::CallbackInfo& info);

// resizeTerminal(fd, columns, rows): 0 or the errno's number. Anyone who is in its foreground gets SIGWINCH.
Napi::Value ResizeTerminal(const Napi::CallbackInfo& info);

// isTerminal(fd): isatty(3). Node's own is in a module that loads all of its streams.
Napi::Value IsTerminal(const Napi::CallbackInfo& info);

}  // namespace taskmaster
