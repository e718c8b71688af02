#include "family.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace taskmaster {
namespace {

constexpr unsigned kFirstPrivateDescriptor = 3;
// Of close_range(2), by number: the headers of a glibc before 2.34 do not have them.
constexpr long kCloseRange = 436;
constexpr unsigned kCloseRangeCloexec = 1U << 2;

}  // namespace

Napi::Value ReadMark(const Napi::CallbackInfo& info) {
  rlimit64 limit = {};
  if (prlimit64(info[0].ToNumber().Int32Value(), static_cast<__rlimit_resource>(RLIMIT_LOCKS), nullptr, &limit) != 0)
    return Napi::Number::New(info.Env(), -1);
  bool is_marked = limit.rlim_cur != RLIM64_INFINITY;
  return Napi::Number::New(info.Env(), is_marked ? static_cast<double>(limit.rlim_cur) : 0);
}

Napi::Value MarkSelf(const Napi::CallbackInfo& info) {
  static rlim64_t former = RLIM64_INFINITY;
  auto mark = static_cast<rlim64_t>(info[0].ToNumber().Int64Value());
  rlimit64 limit = {};
  auto resource = static_cast<__rlimit_resource>(RLIMIT_LOCKS);
  if (prlimit64(0, resource, nullptr, &limit) != 0) return info.Env().Undefined();
  if (mark != 0) former = limit.rlim_cur;
  limit.rlim_cur = mark != 0 ? mark : former;
  prlimit64(0, resource, &limit, nullptr);
  return info.Env().Undefined();
}

Napi::Value SealDescriptors(const Napi::CallbackInfo& info) {
  if (syscall(kCloseRange, kFirstPrivateDescriptor, ~0U, kCloseRangeCloexec) == 0) return info.Env().Undefined();
  // Kernels before 5.11, and seccomp profiles that do not know the call.
  DIR* open_ones = opendir("/proc/self/fd");
  if (open_ones == nullptr) return info.Env().Undefined();
  while (const dirent* entry = readdir(open_ones)) {
    int fd = atoi(entry->d_name);
    if (fd >= static_cast<int>(kFirstPrivateDescriptor)) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  closedir(open_ones);
  return info.Env().Undefined();
}

}  // namespace taskmaster
