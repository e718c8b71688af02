#pragma once

#include <napi.h>

namespace taskmaster {

// peerCredentials(fd): who is at the other end of a connected Unix socket, or null.
Napi::Value PeerCredentials(const Napi::CallbackInfo& info);

// acceptMore(fd, most): descriptors of connections that wait at a listening socket, non-blocking and close-on-exec.
Napi::Value AcceptMore(const Napi::CallbackInfo& info);

// refuseDescriptors(fd): nobody can pass descriptors over a Unix socket, nor over what connects to a listening one.
// False where the kernel does not know that (before Linux 6.16).
Napi::Value RefuseDescriptors(const Napi::CallbackInfo& info);

// openNotifySocket(): {fd, name} of a datagram socket with an abstract name, or the errno's number.
Napi::Value OpenNotifySocket(const Napi::CallbackInfo& info);

// receiveNotification(fd): the first datagram, who sent it, and the descriptors that came with it; null: there is none.
Napi::Value ReceiveNotification(const Napi::CallbackInfo& info);

// watchReadable(fd, callback): called in each turn in which there is something to read. Returns what ends it.
Napi::Value WatchReadable(const Napi::CallbackInfo& info);

}  // namespace taskmaster
