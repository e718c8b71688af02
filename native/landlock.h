#pragma once

#include <napi.h>

#include <cstdint>

namespace taskmaster {

// A path that begins with `-` may be absent.
struct LandlockPath {
  const char* path;
  uint64_t rights;
};

struct LandlockPort {
  uint64_t rights;
  uint64_t port;
};

// What a program may do (landlock(7)): of the kinds that are handled only what a path or a port allows.
struct LandlockPlan {
  uint64_t handled_file_rights;
  uint64_t handled_port_rights;
  const LandlockPath* paths;
  int path_count;
  const LandlockPort* ports;
  int port_count;
};

// Runs in the child, with no_new_privs set. False: errno says why.
// `index`: of the path it is at, or -1. It may hang there, with a disk.
bool RestrictByLandlock(const LandlockPlan& plan, int descriptor_count, volatile int* index);

// landlockVersion(): of the kernel's interface; 0 where there is none.
Napi::Value LandlockVersion(const Napi::CallbackInfo& info);

}  // namespace taskmaster
