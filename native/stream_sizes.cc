#include "stream_sizes.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace taskmaster {

Napi::Value ResizePipe(const Napi::CallbackInfo& info) {
  int fd = info[0].ToNumber().Int32Value();
  // EPERM: beyond what all pipes of an unprivileged user may hold (pipe(7)). EBUSY: what is in it does not fit.
  fcntl(fd, F_SETPIPE_SZ, info[1].ToNumber().Int32Value());
  return Napi::Number::New(info.Env(), fcntl(fd, F_GETPIPE_SZ));
}

Napi::Value UnreadBytes(const Napi::CallbackInfo& info) {
  int fd = info[0].ToNumber().Int32Value();
  struct stat kind;
  if (fstat(fd, &kind) != 0) return Napi::Number::New(info.Env(), -1);
  // pipe(7): FIONREAD works at both ends. TIOCOUTQ is SIOCOUTQ for sockets (unix(7), tcp(7)).
  int count = 0;
  int result = ioctl(fd, S_ISFIFO(kind.st_mode) ? FIONREAD : TIOCOUTQ, &count);
  return Napi::Number::New(info.Env(), result == 0 ? count : -1);
}

Napi::Value ResizeTerminal(const Napi::CallbackInfo& info) {
  auto number = [&info](size_t index) { return info[index].ToNumber().Uint32Value(); };
  winsize size = {static_cast<unsigned short>(number(2)), static_cast<unsigned short>(number(1)), 0, 0};
  return Napi::Number::New(info.Env(), ioctl(static_cast<int>(number(0)), TIOCSWINSZ, &size) == 0 ? 0 : errno);
}

Napi::Value IsTerminal(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), isatty(info[0].ToNumber().Int32Value()) == 1);
}

}  // namespace taskmaster
