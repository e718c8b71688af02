#include "peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>
#include <vector>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
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

}  // namespace taskmaster
