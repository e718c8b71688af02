#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

#include "child_mounts.h"
#include "landlock.h"
#include "system_calls.h"

namespace taskmaster {

// What the child does between clone and exec, in this order. Each may fail; the report names it.
enum class Step : int {
  kNone,
  kStartSession,
  kResetSignals,
  kSetUpStreams,
  kCloseDescriptors,
  kSetOomScoreAdj,
  kSetLimit,
  kSetNice,
  kSetUpMounts,
  kDropCapabilities,
  kSetGroups,
  kChangeGroup,
  kChangeUser,
  kSetSecureBits,
  kKeepCapabilities,
  kSetParentDeathSignal,
  kChangeDirectory,
  kSetNoNewPrivs,
  kRestrict,
  kFilterSystemCalls,
  kExecute,
};

struct ResourceLimit {
  int resource;
  struct rlimit64 limit;
};

struct OptionalId {
  bool given;
  uint32_t value;
};

// Everything the child needs, prepared before it exists. The child shares this memory with the engine, and the thread
// that made it is asleep until the exec: it only reads, but for its pid and the report.
struct ChildPlan {
  char* const* candidates;  // paths to try, null-terminated
  char* const* argv;
  char* const* envp;
  // The descriptor that becomes 0, 1, 2, …; each is descriptor_count or above, and close-on-exec.
  const int* descriptors;
  int descriptor_count;
  bool has_terminal;  // the first three are the same one
  char* const* pid_values;  // where its pid goes; ends with null
  const char* cwd;  // or null
  const char* oom_score_adj;  // as text, or null
  const ResourceLimit* limits;
  int limit_count;
  bool has_nice;
  int nice;
  bool has_umask;
  mode_t umask;
  bool has_groups;
  const gid_t* groups;
  int group_count;
  OptionalId gid;
  OptionalId uid;
  bool changes_user;
  bool has_capabilities;
  uint64_t capabilities;  // bit n: keep capability n
  bool has_bounding;
  uint64_t bounding;  // bit n: capability n stays in the bounding set
  uint32_t securebits;  // 0: none to set
  bool no_new_privs;
  const ChildMount* mounts;
  int mount_count;
  bool has_landlock;
  LandlockPlan landlock;
  sock_fprog filter;  // of length 0: none
  int parent_death_signal;  // 0: none
  pid_t parent;
  // Which family the program belongs to, with all that it will start: the soft limit of its file locks, which has
  // meant nothing since Linux 2.4.25 and is inherited by everything. 0: none.
  uint64_t mark;

  // Written by the engine: its answer is of no use to anybody any more.
  volatile bool is_given_up;

  // The report.
  volatile Step step;  // the present one, or the one that failed
  int failed_errno;  // 0: none failed
  volatile int failed_index;  // of the limit, of the mount, of the path of Landlock, or of the candidate that decided the answer of exec
};

// Runs in the child. Returns only when a step failed, with the report filled in.
int SetUpChild(void* plan);

}  // namespace taskmaster
