#pragma once

#include <napi.h>

namespace taskmaster {

// openPlaceWatch(path, directory): an inotify(7) descriptor that sees the file at the path renamed, removed or replaced,
// and its directory moved or removed, but nothing that others do in that directory; or minus the errno.
Napi::Value OpenPlaceWatch(const Napi::CallbackInfo& info);

}  // namespace taskmaster
