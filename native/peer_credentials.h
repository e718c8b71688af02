#pragma once

#include <napi.h>

namespace taskmaster {

// peerCredentials(fd): who is at the other end of a connected Unix socket, or null.
Napi::Value PeerCredentials(const Napi::CallbackInfo& info);

}  // namespace taskmaster
