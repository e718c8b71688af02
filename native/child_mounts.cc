// The child calls this between clone and exec (child_setup.cc): no allocation, no locks.

#include "child_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace taskmaster {
namespace {

// Of mount_setattr(2), by number: Linux 5.12, later than the headers of the build.
constexpr long kMountSetattr = 442;
constexpr uint64_t kReadOnlyAttribute = 1;
constexpr unsigned kRecursive = 0x8000;
constexpr unsigned long kHarmless = MS_NOSUID | MS_NODEV;

struct MountAttributes {
  uint64_t set;
  uint64_t clear;
  uint64_t propagation;
  uint64_t user_namespace;
};

long Mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data) {
  return syscall(SYS_mount, source, target, type, flags, data);
}

// Keeps what else the mounts below forbid (nosuid and so on), which a remount would take away.
bool MakeReadOnly(const char* path) {
  bool is_root = path[0] == '/' && path[1] == '\0';
  if (!is_root && Mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  MountAttributes attributes = {kReadOnlyAttribute, 0, 0, 0};
  return syscall(kMountSetattr, AT_FDCWD, path, kRecursive, &attributes, sizeof attributes) == 0;
}

bool Hide(const char* path) {
  struct stat found;
  if (stat(path, &found) != 0) return false;
  if (!S_ISDIR(found.st_mode)) return Mount("/dev/null", path, nullptr, MS_BIND, nullptr) == 0;
  const char* size = "mode=000,size=4k,nr_inodes=2";
  return Mount("tmpfs", path, "tmpfs", kHarmless | MS_NOEXEC | MS_RDONLY, size) == 0;
}

bool SetUp(MountKind kind, const char* path) {
  switch (kind) {
    case MountKind::kReadOnly:
      return MakeReadOnly(path);
    case MountKind::kPrivate:
      return Mount("tmpfs", path, "tmpfs", kHarmless, "mode=1777") == 0;
    case MountKind::kInaccessible:
      return Hide(path);
    default:
      return syscall(SYS_chroot, path) == 0 && syscall(SYS_chdir, "/") == 0;
  }
}

}  // namespace

bool SetUpMounts(const ChildMount* mounts, int count, volatile int* index) {
  *index = -1;
  if (count == 0) return true;
  char cwd[PATH_MAX];
  bool has_cwd = syscall(SYS_getcwd, cwd, sizeof cwd) > 0 && cwd[0] == '/';
  if (mounts[0].kind != MountKind::kRoot) {
    if (syscall(SYS_unshare, CLONE_NEWNS) != 0) return false;
    // What is mounted here stays here; what the container gets later is seen.
    if (Mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return false;
  }
  for (int at = 0; at < count; ++at) {
    *index = at;
    bool is_optional = mounts[at].path[0] == '-';
    bool is_root = mounts[at].kind == MountKind::kRoot;
    if (is_root || SetUp(mounts[at].kind, mounts[at].path + (is_optional ? 1 : 0))) continue;
    if (!is_optional || errno != ENOENT) return false;
  }
  // The working directory is what its path means now, not what is below a new mount.
  if (!has_cwd || syscall(SYS_chdir, cwd) != 0) syscall(SYS_chdir, "/");
  const ChildMount& last = mounts[count - 1];
  return last.kind != MountKind::kRoot || SetUp(last.kind, last.path);
}

}  // namespace taskmaster
