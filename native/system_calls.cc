// The numbers are those of the machine that this is built for: the compiler has the table. Where its headers may be older
// than the kernel, the number is written here; those above 423 are the same on all machines.

#include "system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace taskmaster {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
#error "seccomp has no table for this machine"
#endif

constexpr uint32_t kClone3 = 435;
// x32 has other numbers, for the same calls.
constexpr uint32_t kFirstOfX32 = 0x40000000;
// CLONE_NEW…, those that make a namespace.
constexpr uint32_t kNewNamespaces = 0x7E020000;

// The README lists them by group.
constexpr uint32_t kDenied[] = {
    // clock
    SYS_adjtimex, SYS_clock_adjtime, SYS_clock_settime, SYS_settimeofday,
    // debug
    SYS_kcmp, SYS_lookup_dcookie, SYS_perf_event_open, 438 /* pidfd_getfd */, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_ptrace,
    // module
    SYS_delete_module, SYS_finit_module, SYS_init_module,
    // mount
    431 /* fsconfig */, 432 /* fsmount */, 430 /* fsopen */, 433 /* fspick */, SYS_mount, 442 /* mount_setattr */,
    429 /* move_mount */, 428 /* open_tree */, SYS_pivot_root, SYS_umount2,
    // namespace
    SYS_setns, SYS_unshare,
    // reboot
    SYS_kexec_load, SYS_reboot,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    // swap
    SYS_swapoff, SYS_swapon,
    // keyring
    SYS_add_key, SYS_keyctl, SYS_request_key,
    // kernel
    SYS_acct, SYS_bpf, 426 /* io_uring_enter */, 427 /* io_uring_register */, 425 /* io_uring_setup */,
    SYS_open_by_handle_at, SYS_quotactl, 443 /* quotactl_fd */, SYS_syslog, SYS_userfaultfd, SYS_vhangup,
#if defined(__x86_64__)
    // of this machine alone
    SYS_ioperm, SYS_iopl, SYS_modify_ldt, SYS__sysctl, SYS_sysfs, SYS_uselib, SYS_ustat,
#endif
};

constexpr uint32_t Fail(int number) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(number); }

}  // namespace

// Each comparison skips its answer if it does not match.
std::vector<sock_filter> DefaultFilter() {
  std::vector<sock_filter> program;
  auto load = [&program](size_t offset) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  };
  auto answer = [&program](uint32_t value) { program.push_back(BPF_STMT(BPF_RET | BPF_K, value)); };
  auto if_equal = [&](uint32_t number, uint32_t value) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    answer(value);
  };
  load(offsetof(seccomp_data, arch));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0));
  answer(Fail(ENOSYS));  // as a kernel without this machine's older calls
  load(offsetof(seccomp_data, nr));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirstOfX32, 0, 1));
  answer(Fail(ENOSYS));
  for (uint32_t number : kDenied) if_equal(number, Fail(EPERM));
  // Its flags are in memory, where a filter cannot look; C libraries then call clone(2).
  if_equal(kClone3, Fail(ENOSYS));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  load(offsetof(seccomp_data, args[0]));  // the lower half: both machines are little-endian
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNewNamespaces, 0, 1));
  answer(Fail(EPERM));
  answer(SECCOMP_RET_ALLOW);
  return program;
}

bool FilterSystemCalls(const sock_fprog& program) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace taskmaster
