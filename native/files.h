#pragma once

#include <napi.h>

namespace taskmaster {

// fileNow(request, limitMs): what came of it, or null where it did not come in time.
Napi::Value FileNow(const Napi::CallbackInfo& info);
// fileLater(request, callback).
Napi::Value FileLater(const Napi::CallbackInfo& info);
// writeLater(fd, lane, buffers, callback): writev(2); calls back with the count, or with an answer that tells the errno.
Napi::Value WriteLater(const Napi::CallbackInfo& info);
// isUnlinked(fd): nobody is asked for it, neither a disk nor a server.
Napi::Value IsUnlinked(const Napi::CallbackInfo& info);
// exitNow(code): without waiting for any thread, or for anything else.
Napi::Value ExitNow(const Napi::CallbackInfo& info);

}  // namespace taskmaster
