#include "unix_sockets.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

// Headers of older kernels lack these.
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

namespace taskmaster {
namespace {

// NGROUPS_MAX is 65,536; the kernel says how much it would have needed (ERANGE), once.
constexpr size_t kUsualGroups = 64;

// Supplementary groups as they were when the peer connected. Empty where the kernel (before 4.13) does not tell.
std::vector<gid_t> PeerGroups(int fd) {
  std::vector<gid_t> groups(kUsualGroups);
  for (int attempt = 0; attempt < 2; attempt++) {
    socklen_t length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
    if (result != 0 && errno != ERANGE) return {};
    groups.resize(length / sizeof(gid_t));
    if (result == 0) return groups;
  }
  return {};
}

constexpr size_t kMaxText = 4096;        // as systemd has it
constexpr size_t kMaxDescriptors = 253;  // the kernel's own limit, SCM_MAX_FD

struct Watch {
  uv_poll_t handle;
  Napi::FunctionReference callback;
  Napi::AsyncContext context;
};

}  // namespace

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  struct ucred peer = {};
  socklen_t length = sizeof peer;
  int fd = info[0].ToNumber().Int32Value();
  // The kernel noted these when the peer connected: a later exec or setuid of the peer changes nothing (unix(7)).
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return env.Null();
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, peer.pid));
  result.Set("uid", Napi::Number::New(env, peer.uid));
  result.Set("gid", Napi::Number::New(env, peer.gid));
  std::vector<gid_t> found = PeerGroups(fd);
  Napi::Array groups = Napi::Array::New(env, found.size());
  for (size_t index = 0; index < found.size(); index++) {
    groups.Set(static_cast<uint32_t>(index), Napi::Number::New(env, found[index]));
  }
  result.Set("groups", groups);
  return result;
}

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

// A descriptor that arrives with SCM_RIGHTS (unix(7)) and is not wanted is closed by the thread that reads or closes
// the socket. If it is the last one of its file, that may take as long as the sender likes: a TCP socket with SO_LINGER
// waits for its peer, and a large memfd is given back page by page.
Napi::Value RefuseDescriptors(const Napi::CallbackInfo& info) {
  int none = 0;
  int fd = info[0].ToNumber().Int32Value();
  return Napi::Boolean::New(info.Env(), setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &none, sizeof none) == 0);
}

Napi::Value OpenNotifySocket(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Napi::Number::New(env, errno);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  int on = 1;
  // Bound without a name it gets an abstract one that nobody has (unix(7), autobind).
  bool is_open = setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
                 bind(fd, plain, sizeof address.sun_family) == 0 && getsockname(fd, plain, &length) == 0;
  if (!is_open) {
    int failure = errno;
    close(fd);
    return Napi::Number::New(env, failure);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("fd", Napi::Number::New(env, fd));
  result.Set("name", Napi::String::New(env, address.sun_path + 1, length - offsetof(sockaddr_un, sun_path) - 1));
  return result;
}

Napi::Value ReceiveNotification(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  char text[kMaxText];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
  iovec into = {text, sizeof text};
  msghdr message = {};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count = recvmsg(info[0].ToNumber().Int32Value(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (count < 0) return env.Null();
  ucred sender = {};
  Napi::Array fds = Napi::Array::New(env);
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) memcpy(&sender, CMSG_DATA(part), sizeof sender);
    for (size_t at = 0; part->cmsg_type == SCM_RIGHTS && CMSG_LEN(at + sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      fds.Set(fds.Length(), Napi::Number::New(env, fd));
    }
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, sender.pid));
  result.Set("uid", Napi::Number::New(env, sender.uid));
  result.Set("text", Napi::Buffer<char>::Copy(env, text, static_cast<size_t>(count)));
  result.Set("isCut", Napi::Boolean::New(env, (message.msg_flags & MSG_TRUNC) != 0));
  result.Set("fds", fds);
  return result;
}

Napi::Value WatchReadable(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* watch = new Watch{{}, Napi::Persistent(info[1].As<Napi::Function>()), Napi::AsyncContext(env, "taskmaster.readable")};
  auto* handle = reinterpret_cast<uv_handle_t*>(&watch->handle);
  if (uv_poll_init(loop, &watch->handle, info[0].ToNumber().Int32Value()) != 0) {
    delete watch;
    return env.Null();
  }
  handle->data = watch;
  uv_unref(handle);
  uv_poll_start(&watch->handle, UV_READABLE, [](uv_poll_t* poll, int, int) {
    auto* self = static_cast<Watch*>(poll->data);
    Napi::HandleScope scope(self->callback.Env());
    self->callback.MakeCallback(self->callback.Env().Global(), {}, self->context);
  });
  return Napi::Function::New(env, [handle](const Napi::CallbackInfo&) {
    if (!uv_is_closing(handle)) uv_close(handle, [](uv_handle_t* closed) { delete static_cast<Watch*>(closed->data); });
  });
}

}  // namespace taskmaster
