#pragma once

#include <sys/types.h>

namespace taskmaster {

// While it lives, the calling thread reaches files as that user: with that user's file-system ids, no supplementary
// group, and none of the capabilities that pass over permissions (setfsuid(2), capabilities(7)). All of it is per
// thread. Where the kernel does not allow the change, nothing is changed: `IsActive` tells.
class FileIdentity {
 public:
  FileIdentity() = default;
  FileIdentity(const FileIdentity&) = delete;
  FileIdentity& operator=(const FileIdentity&) = delete;
  ~FileIdentity() { Restore(); }

  bool Become(uid_t uid, gid_t gid);
  void Restore();
  bool IsActive() const { return is_active_; }

 private:
  bool is_active_ = false;
};

}  // namespace taskmaster
