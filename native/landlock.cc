// Landlock by number: the headers of the build may be older than the kernel. The child calls this between clone and
// exec (child_setup.cc): no allocation, no locks.

#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace taskmaster {
namespace {

constexpr long kCloseRange = 436;
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskForVersion = 1;
constexpr int kPathRule = 1;
constexpr int kPortRule = 2;
constexpr uint64_t kExecute = 1U << 0;
constexpr uint64_t kWriteFile = 1U << 1;
constexpr uint64_t kReadFile = 1U << 2;
constexpr uint64_t kTruncate = 1U << 14;
constexpr uint64_t kDeviceControl = 1U << 15;
// All that the kernel takes for what is not a directory.
constexpr uint64_t kFileRights = kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl;

// The kernel's own; an older one takes the larger struct if the rest is zero.
struct Ruleset {
  uint64_t file_rights;
  uint64_t port_rights;
};
struct __attribute__((packed)) PathRule {
  uint64_t rights;
  int32_t fd;
};

long AddPathRule(int ruleset, uint64_t rights, int fd) {
  PathRule rule = {rights, fd};
  return syscall(kAddRule, ruleset, kPathRule, &rule, 0);
}

bool AllowPath(int ruleset, const LandlockPath& allowed) {
  bool is_optional = allowed.path[0] == '-';
  const char* path = allowed.path + (is_optional ? 1 : 0);
  int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0));
  if (fd < 0) return is_optional && (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
  struct stat found;
  bool is_directory = fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
  uint64_t rights = is_directory ? allowed.rights : allowed.rights & kFileRights;
  bool is_added = AddPathRule(ruleset, rights, fd) == 0;
  int failure = errno;
  syscall(SYS_close, fd);
  errno = failure;
  return is_added;
}

bool FillRuleset(int ruleset, const LandlockPlan& plan, volatile int* index) {
  for (int at = 0; at < plan.path_count; ++at) {
    *index = at;
    if (!AllowPath(ruleset, plan.paths[at])) return false;
  }
  *index = -1;
  for (int at = 0; at < plan.port_count; ++at) {
    if (syscall(kAddRule, ruleset, kPortRule, &plan.ports[at], 0) != 0) return false;
  }
  // What it has open it may open again, as /dev/stdout; a pipe or a socket needs no rule, and is none.
  for (int fd = 0; fd <= 2; ++fd) {
    uint64_t rights = fd == 0 ? kReadFile : kWriteFile | kTruncate;
    AddPathRule(ruleset, (rights | kDeviceControl) & plan.handled_file_rights, fd);
  }
  return true;
}

}  // namespace

bool RestrictByLandlock(const LandlockPlan& plan, int descriptor_count, volatile int* index) {
  // The exec would close them. Without them there are numbers left below the program's own limit of open files.
  syscall(kCloseRange, descriptor_count, ~0U, 0);
  *index = -1;
  Ruleset handled = {plan.handled_file_rights, plan.handled_port_rights};
  int ruleset = static_cast<int>(syscall(kCreateRuleset, &handled, sizeof handled, 0));  // close-on-exec
  return ruleset >= 0 && FillRuleset(ruleset, plan, index) && syscall(kRestrictSelf, ruleset, 0) == 0;
}

Napi::Value LandlockVersion(const Napi::CallbackInfo& info) {
  long version = syscall(kCreateRuleset, nullptr, 0, kAskForVersion);
  return Napi::Number::New(info.Env(), version < 0 ? 0 : static_cast<double>(version));
}

}  // namespace taskmaster
