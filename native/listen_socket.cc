#include "listen_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace taskmaster {
namespace {

// Bound by its full name where nobody can change where that leads, so that programs see it; else by its directory.
sockaddr_un AddressIn(const Place& place) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string real = place.real_path();
  if (!place.is_fixed() || real.size() >= sizeof address.sun_path)
    real = "/proc/self/fd/" + std::to_string(place.directory()) + "/" + place.name();
  memcpy(address.sun_path, real.c_str(), std::min(real.size(), sizeof address.sun_path - 1));
  return address;
}

// connect(2) is refused where no socket is bound to the file any more, whatever its type was.
bool IsStale(const Place& place, const sockaddr_un& address, int type) {
  struct stat status;
  if (fstatat(place.directory(), place.name(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISSOCK(status.st_mode)) return false;
  int probe = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  bool is_refused = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  return is_refused;
}

}  // namespace

int ListenAt(const Place& place, int type, int backlog, int& fd) {
  sockaddr_un address = AddressIn(place);
  auto* plain = reinterpret_cast<const sockaddr*>(&address);
  fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  bool is_bound = bind(fd, plain, sizeof address) == 0;
  if (!is_bound && errno == EADDRINUSE) {
    bool is_replaced = IsStale(place, address, type) && unlinkat(place.directory(), place.name(), 0) == 0;
    if (!is_replaced) return EADDRINUSE;
    is_bound = bind(fd, plain, sizeof address) == 0;
  }
  return is_bound && (type == SOCK_DGRAM || listen(fd, backlog) == 0) ? 0 : errno;
}

int OpenFifo(const Place& place, int& fd) {
  if (mkfifoat(place.directory(), place.name(), 0600) != 0 && errno != EEXIST) return errno;
  // For both, so that its readers never see an end (fifo(7)); without waiting, here.
  fd = openat(place.directory(), place.name(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) return errno;
  if (!S_ISFIFO(status.st_mode)) return EADDRINUSE;
  return fcntl(fd, F_SETFL, O_RDWR) == 0 ? 0 : errno;
}

// It blocks, as programs expect of what they are passed; nothing here waits.
Napi::Value ListenInet(const Napi::CallbackInfo& info) {
  std::string host = info[0].ToString().Utf8Value();
  in_port_t port = htons(static_cast<uint16_t>(info[1].ToNumber().Uint32Value()));
  bool is_datagram = info[2].ToBoolean();
  union {
    sockaddr plain;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address = {};
  bool is_v4 = inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1;
  bool is_known = is_v4 || inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1;
  if (is_v4) address.v4.sin_port = port;
  else address.v6.sin6_port = port;
  address.plain.sa_family = is_v4 ? AF_INET : AF_INET6;
  socklen_t length = is_v4 ? sizeof address.v4 : sizeof address.v6;
  errno = EINVAL;
  int fd = is_known ? socket(address.plain.sa_family, (is_datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0) : -1;
  auto set = [fd](int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value) == 0; };
  // Earlier connections in TIME_WAIT must not prevent the bind (socket(7)). On UDP the option would share the port.
  bool is_open = fd >= 0 && (is_datagram || set(SOL_SOCKET, SO_REUSEADDR, 1)) &&
                 (!info[4].ToBoolean() || set(SOL_SOCKET, SO_REUSEPORT, 1)) &&
                 (is_v4 || set(IPPROTO_IPV6, IPV6_V6ONLY, info[5].ToBoolean())) && bind(fd, &address.plain, length) == 0 &&
                 (is_datagram || listen(fd, info[3].ToNumber().Int32Value()) == 0);
  if (is_open) return Napi::Number::New(info.Env(), fd);
  int failure = errno;
  if (fd >= 0) close(fd);
  return Napi::Number::New(info.Env(), -failure);
}

Napi::Value OpenSocketWatch(const Napi::CallbackInfo& info) {
  Napi::Array fds = info[0].As<Napi::Array>();
  int watch = epoll_create1(EPOLL_CLOEXEC);
  bool is_open = watch >= 0;
  for (uint32_t index = 0; is_open && index < fds.Length(); ++index) {
    epoll_event event = {};
    // By edges: what no program takes is reported once, and wakes nobody again and again.
    event.events = EPOLLIN | EPOLLET;
    event.data.u32 = index;
    is_open = epoll_ctl(watch, EPOLL_CTL_ADD, fds.Get(index).ToNumber().Int32Value(), &event) == 0;
  }
  if (is_open) return Napi::Number::New(info.Env(), watch);
  int failure = errno;
  if (watch >= 0) close(watch);
  return Napi::Number::New(info.Env(), -failure);
}

Napi::Value ReadSocketWatch(const Napi::CallbackInfo& info) {
  epoll_event event = {};
  bool has_one = epoll_wait(info[0].ToNumber().Int32Value(), &event, 1, 0) == 1;
  return Napi::Number::New(info.Env(), has_one ? static_cast<int>(event.data.u32) : -1);
}

}  // namespace taskmaster
