#include "peer_credentials.h"

#include <sys/socket.h>

namespace taskmaster {

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
  return result;
}

}  // namespace taskmaster
