#include "pipe_size.h"

#include <fcntl.h>

namespace taskmaster {

Napi::Value ResizePipe(const Napi::CallbackInfo& info) {
  int fd = info[0].ToNumber().Int32Value();
  // EPERM: beyond what all pipes of an unprivileged user may hold (pipe(7)). EBUSY: what is in it does not fit.
  fcntl(fd, F_SETPIPE_SZ, info[1].ToNumber().Int32Value());
  return Napi::Number::New(info.Env(), fcntl(fd, F_GETPIPE_SZ));
}

}  // namespace taskmaster
