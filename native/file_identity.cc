#include "file_identity.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

namespace taskmaster {
namespace {

constexpr uint32_t Bit(int capability) { return 1u << capability; }

// CAP_FS_MASK of the kernel, and those that reach files in other ways.
constexpr uint32_t kFileCapabilities = Bit(CAP_CHOWN) | Bit(CAP_DAC_OVERRIDE) | Bit(CAP_DAC_READ_SEARCH) |
                                       Bit(CAP_FOWNER) | Bit(CAP_FSETID) | Bit(CAP_LINUX_IMMUTABLE) |
                                       Bit(CAP_MKNOD) | Bit(CAP_SYS_RESOURCE) | Bit(CAP_LEASE) | Bit(CAP_SETFCAP);

struct Capabilities {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
};

bool Read(Capabilities& caps) { return syscall(SYS_capget, &caps.header, caps.data) == 0; }
bool Write(Capabilities caps) { return syscall(SYS_capset, &caps.header, caps.data) == 0; }

// What the process is; the same for all of its threads, and never changed while it runs.
const std::vector<gid_t>& OwnGroups() {
  static const std::vector<gid_t>* const groups = [] {
    auto* list = new std::vector<gid_t>(getgroups(0, nullptr) > 0 ? getgroups(0, nullptr) : 0);
    if (!list->empty()) getgroups(static_cast<int>(list->size()), list->data());
    return list;
  }();
  return *groups;
}

const Capabilities& OwnCapabilities() {
  static const Capabilities* const caps = [] {
    auto* read = new Capabilities;
    Read(*read);
    return read;
  }();
  return *caps;
}

// The C library's setgroups(2) changes every thread of the process; the system call changes this one.
bool SetGroups(size_t count, const gid_t* groups) { return syscall(SYS_setgroups, count, groups) == 0; }

}  // namespace

bool FileIdentity::Become(uid_t uid, gid_t gid) {
  constexpr uid_t kOnlyAsk = static_cast<uid_t>(-1);
  OwnGroups();
  Capabilities reduced = OwnCapabilities();
  if ((reduced.data[0].effective & Bit(CAP_SETUID)) == 0 || (reduced.data[0].effective & Bit(CAP_SETGID)) == 0) return false;
  is_active_ = true;
  reduced.data[0].effective &= ~kFileCapabilities;
  bool isChanged = Write(reduced) && SetGroups(0, nullptr);
  if (isChanged) {
    setfsgid(gid);
    setfsuid(uid);
    isChanged = static_cast<gid_t>(setfsgid(kOnlyAsk)) == gid && static_cast<uid_t>(setfsuid(kOnlyAsk)) == uid;
  }
  if (!isChanged) Restore();
  return isChanged;
}

void FileIdentity::Restore() {
  if (!is_active_) return;
  is_active_ = false;
  setfsuid(geteuid());
  setfsgid(getegid());
  bool isRestored = SetGroups(OwnGroups().size(), OwnGroups().data());
  isRestored = Write(OwnCapabilities()) && isRestored;
  // Nothing that could go on as somebody else may go on.
  if (!isRestored) abort();
}

}  // namespace taskmaster
