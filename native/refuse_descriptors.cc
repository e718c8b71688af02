#include "refuse_descriptors.h"

#include <sys/socket.h>

// The number that all of our architectures have; headers from before Linux 6.16 lack it.
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

namespace taskmaster {

// A descriptor that arrives with SCM_RIGHTS (unix(7)) and is not wanted is closed by the thread that reads or closes
// the socket. If it is the last one of its file, that may take as long as the sender likes: a TCP socket with SO_LINGER
// waits for its peer, and a large memfd is given back page by page.
Napi::Value RefuseDescriptors(const Napi::CallbackInfo& info) {
  int none = 0;
  int fd = info[0].ToNumber().Int32Value();
  return Napi::Boolean::New(info.Env(), setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &none, sizeof none) == 0);
}

}  // namespace taskmaster
