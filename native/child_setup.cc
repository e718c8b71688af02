// The child shares the parent's memory and runs while the parent's thread sleeps (clone(2), CLONE_VM and
// CLONE_VFORK): no allocation, no locks, and system calls by number, because the C library's setuid, setgid and
// setgroups signal every thread of what it takes to be this process (nptl(7)).

#include "child_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace taskmaster {
namespace {

constexpr int kLastSignal = 64;
constexpr int kLastCapability = 63;
constexpr int kFallbackDescriptorLimit = 4096;
// Of close_range(2), by number: the headers of a glibc before 2.34 do not have them, the kernel may.
constexpr long kCloseRange = 436;
constexpr unsigned kCloseRangeCloexec = 1U << 2;

// The kernel's own struct for rt_sigaction(2); all zero is SIG_DFL with no flags.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

// No printf in here. The room is larger than any number, and zeroed.
void WritePid(char* text) {
  char digits[24];
  int count = 0;
  for (long pid = syscall(SYS_getpid); pid > 0; pid /= 10) digits[count++] = static_cast<char>('0' + pid % 10);
  while (count > 0) *text++ = digits[--count];
}

bool StartSession(ChildPlan& plan) {
  for (char* const* value = plan.pid_values; *value != nullptr; ++value) WritePid(*value);
  return syscall(SYS_setsid) >= 0;
}

// Node ignores SIGPIPE and SIGXFSZ, and ignored signals survive an exec (signal(7)).
bool ResetSignals(ChildPlan&) {
  KernelSigaction by_default = {};
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    syscall(SYS_rt_sigaction, signal, &by_default, nullptr, sizeof by_default.mask);
  }
  return true;
}

bool SetUpStreams(ChildPlan& plan) {
  // The leader of a new session takes it as its own and is in its foreground (ioctl_tty(2)).
  if (plan.has_terminal && syscall(SYS_ioctl, plan.descriptors[0], TIOCSCTTY, 0) != 0) return false;
  for (int target = 0; target < plan.descriptor_count; ++target) {
    // dup3 without O_CLOEXEC: these are all that survives the exec.
    if (syscall(SYS_dup3, plan.descriptors[target], target, 0) < 0) return false;
  }
  return true;
}

bool CloseDescriptors(ChildPlan& plan) {
  if (syscall(kCloseRange, plan.descriptor_count, ~0U, kCloseRangeCloexec) == 0) return true;
  if (errno != ENOSYS && errno != EINVAL && errno != EPERM) return false;
  // Kernels before 5.11, and seccomp profiles that do not know the call.
  for (int fd = plan.descriptor_count; fd < kFallbackDescriptorLimit; ++fd) {
    syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  }
  return true;
}

bool SetOomScoreAdj(ChildPlan& plan) {
  if (plan.oom_score_adj == nullptr) return true;
  int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd < 0) return false;
  long written = syscall(SYS_write, fd, plan.oom_score_adj, strlen(plan.oom_score_adj));
  int failure = errno;
  syscall(SYS_close, fd);
  errno = failure;
  return written >= 0;
}

// Helps to find it again; where it cannot be done, the program runs all the same.
void Mark(uint64_t mark) {
  rlimit64 limit = {};
  if (mark == 0 || syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, nullptr, &limit) != 0) return;
  if (limit.rlim_max < mark) return;
  limit.rlim_cur = mark;
  syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, &limit, nullptr);
}

bool SetLimits(ChildPlan& plan) {
  Mark(plan.mark);
  for (int index = 0; index < plan.limit_count; ++index) {
    const ResourceLimit& wanted = plan.limits[index];
    if (syscall(SYS_prlimit64, 0, wanted.resource, &wanted.limit, nullptr) == 0) continue;
    plan.failed_index = index;
    return false;
  }
  return true;
}

bool SetNice(ChildPlan& plan) {
  if (plan.has_umask) syscall(SYS_umask, plan.umask);  // cannot fail
  return !plan.has_nice || syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.nice) == 0;
}

bool SetUpItsMounts(ChildPlan& plan) { return SetUpMounts(plan.mounts, plan.mount_count, &plan.failed_index); }

// The bounding set is the ceiling for all that the program may ever execute (capabilities(7)).
bool DropCapabilities(ChildPlan& plan) {
  uint64_t kept = plan.has_bounding ? plan.bounding : plan.has_capabilities ? plan.capabilities : ~uint64_t{0};
  for (int capability = 0; capability <= kLastCapability; ++capability) {
    if ((kept >> capability) & 1) continue;
    if (syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) != 1) continue;
    if (syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  }
  // For those that the program keeps, and for the one that setting the secure bits takes.
  bool needs_some = plan.has_capabilities || plan.securebits != 0;
  return !needs_some || syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

// To setresuid(2) and setresgid(2) the largest number means `leave it`: the program would go on as root.
bool IsId(uint32_t number) {
  if (number != UINT32_MAX) return true;
  errno = EINVAL;
  return false;
}

bool SetGroups(ChildPlan& plan) {
  for (int index = 0; index < plan.group_count; ++index) {
    if (!IsId(plan.groups[index])) return false;
  }
  return !plan.has_groups || syscall(SYS_setgroups, plan.group_count, plan.groups) == 0;
}

bool ChangeGroup(ChildPlan& plan) {
  uint32_t gid = plan.gid.value;
  return !plan.gid.given || (IsId(gid) && syscall(SYS_setresgid, gid, gid, gid) == 0);
}

bool ChangeUser(ChildPlan& plan) {
  uint32_t uid = plan.uid.value;
  return !plan.uid.given || (IsId(uid) && syscall(SYS_setresuid, uid, uid, uid) == 0);
}

// For another user nothing may come through: the kernel clears the other sets at the change of user and the exec, but
// inheritable ones stay, for programs with file capabilities that have them too (capabilities(7)).
bool ClearInheritable() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // kernels before 4.3 have none
  for (__user_cap_data_struct& half : sets) half.inheritable = 0;
  return syscall(SYS_capset, &header, sets) == 0;
}

// After the change of user, which these bits would change, and which has emptied the effective set.
bool SetSecureBits(ChildPlan& plan) {
  if (plan.securebits == 0) return true;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  sets[0].effective |= sets[0].permitted & (1U << CAP_SETPCAP);
  if (syscall(SYS_capset, &header, sets) != 0) return false;
  long present = syscall(SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (present < 0 || syscall(SYS_prctl, PR_SET_SECUREBITS, present | plan.securebits, 0, 0, 0) != 0) return false;
  if (plan.has_capabilities || !plan.changes_user) return true;
  // What was kept for this call alone.
  for (__user_cap_data_struct& half : sets) half.permitted = half.effective = 0;
  return syscall(SYS_capset, &header, sets) == 0;
}

// Permitted, effective and inheritable are set to the list; ambient carries them over the exec of a program
// without file capabilities.
bool KeepCapabilities(ChildPlan& plan) {
  if (!plan.has_capabilities) return !plan.changes_user || ClearInheritable();
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  for (int half = 0; half < 2; ++half) {
    uint32_t bits = static_cast<uint32_t>(plan.capabilities >> (32 * half));
    sets[half] = {bits, bits, bits};
  }
  if (syscall(SYS_capset, &header, sets) != 0) return false;
  for (int capability = 0; capability <= kLastCapability; ++capability) {
    if (!((plan.capabilities >> capability) & 1)) continue;
    if (syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return false;
  }
  return true;
}

// After the change of user, which would take it back (prctl(2), PR_SET_PDEATHSIG). It comes when the thread that
// spawned ends: a spawner that has set one does not end before the engine.
bool SetParentDeathSignal(ChildPlan& plan) {
  if (plan.parent_death_signal == 0) return true;
  if (syscall(SYS_prctl, PR_SET_PDEATHSIG, plan.parent_death_signal, 0, 0, 0) != 0) return false;
  // It may have died already. A parent outside of our PID namespace reads as 0.
  if (syscall(SYS_getppid) == plan.parent) return true;
  errno = ECHILD;
  return false;
}

// As the user it will run as: what root may enter, the program may not be able to.
bool ChangeDirectory(ChildPlan& plan) { return plan.cwd == nullptr || syscall(SYS_chdir, plan.cwd) == 0; }

bool SetNoNewPrivs(ChildPlan& plan) {
  return !plan.no_new_privs || syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool Restrict(ChildPlan& plan) {
  return !plan.has_landlock || RestrictByLandlock(plan.landlock, plan.descriptor_count, &plan.failed_index);
}

bool FilterItsSystemCalls(ChildPlan& plan) { return plan.filter.len == 0 || FilterSystemCalls(plan.filter); }

// As execvp(3): a candidate that is not there passes the turn on; one that may not be executed is remembered.
bool Execute(ChildPlan& plan) {
  uint64_t no_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
  int decisive = ENOENT;
  for (int index = 0; plan.candidates[index] != nullptr; ++index) {
    syscall(SYS_execve, plan.candidates[index], plan.argv, plan.envp);
    bool is_absent = errno == ENOENT || errno == ENOTDIR || errno == ENODEV || errno == ESTALE || errno == ETIMEDOUT;
    if (is_absent) continue;
    plan.failed_index = index;
    decisive = errno;
    if (errno != EACCES) break;
  }
  errno = decisive;
  return false;
}

struct NamedStep {
  Step step;
  bool (*run)(ChildPlan&);
};

constexpr NamedStep kSteps[] = {
    {Step::kStartSession, StartSession},
    {Step::kResetSignals, ResetSignals},
    {Step::kSetUpStreams, SetUpStreams},
    {Step::kCloseDescriptors, CloseDescriptors},
    {Step::kSetOomScoreAdj, SetOomScoreAdj},
    {Step::kSetLimit, SetLimits},
    {Step::kSetNice, SetNice},
    {Step::kSetUpMounts, SetUpItsMounts},
    {Step::kDropCapabilities, DropCapabilities},
    {Step::kSetGroups, SetGroups},
    {Step::kChangeGroup, ChangeGroup},
    {Step::kChangeUser, ChangeUser},
    {Step::kSetSecureBits, SetSecureBits},
    {Step::kKeepCapabilities, KeepCapabilities},
    {Step::kSetParentDeathSignal, SetParentDeathSignal},
    {Step::kChangeDirectory, ChangeDirectory},
    {Step::kSetNoNewPrivs, SetNoNewPrivs},
    {Step::kRestrict, Restrict},
    {Step::kFilterSystemCalls, FilterItsSystemCalls},
    {Step::kExecute, Execute},
};

}  // namespace

int SetUpChild(void* argument) {
  ChildPlan& plan = *static_cast<ChildPlan*>(argument);
  for (const NamedStep& named : kSteps) {
    // Before it had a number by which it could be killed.
    if (plan.is_given_up) break;
    plan.step = named.step;
    if (named.run(plan)) continue;
    plan.failed_errno = errno;
    break;
  }
  syscall(SYS_exit_group, 127);
  return 127;
}

}  // namespace taskmaster
