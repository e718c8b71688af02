#pragma once

#include <napi.h>

#include "file_place.h"

namespace taskmaster {

// listenInet(host, port, isDatagram, backlog, isPortShared, isV6Only): a descriptor that blocks, or minus the errno.
Napi::Value ListenInet(const Napi::CallbackInfo& info);

// A Unix socket of this type that listens at the place; one that nobody listens on any more is replaced. Whose identity
// the thread has then is the caller's affair. 0, or an errno; what `fd` is after a failure is the caller's to close.
int ListenAt(const Place& place, int type, int backlog, int& fd);
// The FIFO of that place, made where there is none.
int OpenFifo(const Place& place, int& fd);

// openSocketWatch(fds): an epoll(7) descriptor that sees what comes to these, or minus the errno. Programs that share the
// descriptors notice nothing: uv_poll would have made them non-blocking for all.
Napi::Value OpenSocketWatch(const Napi::CallbackInfo& info);
// readSocketWatch(watch): the index of one to which something has come since it was last returned here and which is
// still readable, or -1.
Napi::Value ReadSocketWatch(const Napi::CallbackInfo& info);

}  // namespace taskmaster
