#include "stream_sizes.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace taskmaster {

Napi::Value ResizePipe(const Napi::CallbackInfo& info) {
  int fd = info[0].ToNumber().Int32Value();
  // EPERM: beyond what all pipes of an unprivileged user may hold (pipe(7)). EBUSY: what is in it does not fit.
  fcntl(fd, F_SETPIPE_SZ, info[1].ToNumber().Int32Value());
  return Napi::Number::New(info.Env(), fcntl(fd, F_GETPIPE_SZ));
}

Napi::Value ResizeTerminal(const Napi::CallbackInfo& info) {
  auto number = [&info](size_t index) { return info[index].ToNumber().Uint32Value(); };
  winsize size = {static_cast<unsigned short>(number(2)), static_cast<unsigned short>(number(1)), 0, 0};
  return Napi::Number::New(info.Env(), ioctl(static_cast<int>(number(0)), TIOCSWINSZ, &size) == 0 ? 0 : errno);
}

}  // namespace taskmaster
