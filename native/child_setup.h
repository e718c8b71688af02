#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

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
  kDropCapabilities,
  kSetGroups,
  kChangeGroup,
  kChangeUser,
  kKeepCapabilities,
  kSetParentDeathSignal,
  kChangeDirectory,
  kSetNoNewPrivs,
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

// Everything the child needs, prepared before it exists. The child shares this memory with the parent, which is
// asleep until the exec: it only reads, but for the report.
struct ChildPlan {
  char* const* candidates;  // paths to try, null-terminated
  char* const* argv;
  char* const* envp;
  int stdio[3];  // each 3 or above, close-on-exec
  bool has_terminal;  // all three are the same one
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
  bool no_new_privs;
  int parent_death_signal;  // 0: none
  pid_t parent;
  // Which family the program belongs to, with all that it will start: the soft limit of its file locks, which has
  // meant nothing since Linux 2.4.25 and is inherited by everything. 0: none.
  uint64_t mark;

  // The report.
  Step failed_step;
  int failed_errno;
  int failed_index;  // of the limit, or of the candidate that decided the answer of exec
};

// Runs in the child. Returns only when a step failed, with the report filled in.
int SetUpChild(void* plan);

}  // namespace taskmaster
