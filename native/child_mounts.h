#pragma once

namespace taskmaster {

enum class MountKind : int {
  kReadOnly,      // all below the path
  kPrivate,       // an empty directory in memory
  kInaccessible,  // a directory is empty, a file too
  kRoot,          // becomes the root directory
};

// A path that begins with `-` may be absent.
struct ChildMount {
  MountKind kind;
  const char* path;
};

// Runs in the child, with the engine's rights: a mount namespace of its own (mount_namespaces(7)), and these in it.
// False: errno says why. `index`: of the one it is at, or -1.
bool SetUpMounts(const ChildMount* mounts, int count, volatile int* index);

}  // namespace taskmaster
