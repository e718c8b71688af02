#include "place_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace taskmaster {

Napi::Value OpenPlaceWatch(const Napi::CallbackInfo& info) {
  std::string path = info[0].ToString(), directory = info[1].ToString();
  int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  // Anyone who holds the file open keeps it: that it has lost its name shows in its number of links only (IN_ATTRIB).
  bool is_open = watch >= 0 &&
                 inotify_add_watch(watch, path.c_str(), IN_ATTRIB | IN_MOVE_SELF | IN_DONT_FOLLOW) >= 0 &&
                 inotify_add_watch(watch, directory.c_str(), IN_MOVE_SELF | IN_DELETE_SELF) >= 0;
  if (is_open) return Napi::Number::New(info.Env(), watch);
  int failure = errno;
  if (watch >= 0) close(watch);
  return Napi::Number::New(info.Env(), -failure);
}

}  // namespace taskmaster
