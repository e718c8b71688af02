#include "accept_more.h"

#include <sys/socket.h>

namespace taskmaster {

Napi::Value AcceptMore(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array accepted = Napi::Array::New(env);
  int listener = info[0].ToNumber().Int32Value();
  uint32_t most = info[1].ToNumber().Uint32Value();
  // libuv takes one in each turn of the event loop, so that a flood of connections keeps the queue full for everybody.
  // The listener does not block (libuv made it so): the queue is empty at EAGAIN.
  for (uint32_t count = 0; count < most; count++) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) break;
    accepted.Set(count, Napi::Number::New(env, fd));
  }
  return accepted;
}

}  // namespace taskmaster
