#include "spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "child_setup.h"
#include "decode.h"
#include "environment.h"
#include "system_error.h"

namespace taskmaster {
namespace {

constexpr size_t kChildStackBytes = 64 * 1024;
constexpr int kNullDevice = -1;
constexpr int kNewPipe = -2;
constexpr int kNewTerminal = -3;
constexpr int kLikeStdout = -4;

// By the resource's number (setrlimit(2)).
constexpr const char* kLimitNames[] = {"cpu",     "fsize", "data",       "stack",    "core", "rss",    "nproc", "nofile",
                                       "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};

struct Failure {
  std::string step;
  int number;
  std::string what;  // `change user to www`; the message begins `cannot `
};

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.Release();
    }
    return *this;
  }
  ~Descriptor() { Close(); }
  int Get() const { return fd_; }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  void Close() {
    if (fd_ >= 0) close(fd_);
  }
  int fd_;
};

// One of the child's standard streams: its end, above the standard numbers so that no dup can overwrite another
// stream's source, and ours where it is a pipe.
struct Stream {
  Descriptor child;
  Descriptor ours;
};

// owner: who may open a new pipe again by its name, /dev/stdout: a program that has become another user may
// write to the pipe it was given, but not reopen it unless it owns it (pipe(7), inode(7)).
std::optional<int> OpenStream(int kind, int target, const OptionalId& owner, Stream& stream) {
  Descriptor source;
  if (kind == kNullDevice) {
    source = Descriptor(open("/dev/null", (target == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
    if (source.Get() < 0) return errno;
  } else if (kind == kNewPipe) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    Descriptor reading(ends[0]), writing(ends[1]);
    source = std::move(target == 0 ? reading : writing);
    stream.ours = std::move(target == 0 ? writing : reading);
    if (owner.given && fchown(source.Get(), owner.value, static_cast<gid_t>(-1)) != 0) {
      // An engine that may not give things away: then reopening fails, or the change of user does and says so.
    }
    // Ours alone: the two ends of a pipe are separate open file descriptions.
    if (fcntl(stream.ours.Get(), F_SETFL, O_NONBLOCK) != 0) return errno;
  }
  int fd = source.Get() >= 0 ? source.Get() : kind;
  if (fd > 2 && source.Get() >= 0) {
    stream.child = std::move(source);
    return std::nullopt;
  }
  stream.child = Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (stream.child.Get() < 0) return errno;
  return std::nullopt;
}

// The other side of a pseudo-terminal (pty(7)); invalid where errno says why.
Descriptor OpenChildEnd(const Descriptor& ours) {
  char path[64];
  if (grantpt(ours.Get()) != 0 || unlockpt(ours.Get()) != 0 || ptsname_r(ours.Get(), path, sizeof path) != 0) return Descriptor();
  // O_NOCTTY: an engine that leads a session without a terminal would take this one (open(2)).
  Descriptor child(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios modes;
  if (child.Get() < 0 || tcgetattr(child.Get(), &modes) != 0) return child;
  modes.c_iflag |= IUTF8;  // Backspace takes a whole character (termios(3))
  tcsetattr(child.Get(), TCSANOW, &modes);
  return child;
}

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

OptionalId IdField(const Napi::Object& request, const char* name) {
  if (!IsGiven(request, name)) return {false, 0};
  return {true, static_cast<uint32_t>(request.Get(name).ToNumber().Int64Value())};
}

rlim64_t LimitValue(int64_t number) { return number < 0 ? RLIM64_INFINITY : static_cast<rlim64_t>(number); }

// The request in the form the child can use, and everything that form points into.
class Preparation {
 public:
  explicit Preparation(const Napi::Object& request)
      : file_(TextField(request, "file")),
        argv_texts_(TextListField(request, "argv")),
        set_(TextListField(request, "set")),
        environment_(BoolField(request, "clearEnvironment"), TextListField(request, "unset"), set_),
        candidate_texts_(ExecutableCandidates(file_, environment_.Find("PATH"))),
        argv_(PointersTo(argv_texts_)),
        candidates_(PointersTo(candidate_texts_)) {
    plan.candidates = candidates_.data();
    plan.argv = argv_.data();
    plan.envp = environment_.Entries();
    ReadPlace(request);
    ReadIdentity(request);
    ReadLimits(request);
  }

  std::optional<Failure> OpenStreams(const Napi::Object& request) {
    static constexpr const char* kNames[] = {"stdin", "stdout", "stderr"};
    std::vector<int64_t> kinds = NumberListField(request, "stdio");
    kinds.resize(3, kNullDevice);
    if (kinds[0] == kNewTerminal) return OpenTerminal(request);
    for (int target = 0; target < 3; ++target) {
      if (kinds[target] == kLikeStdout) {
        plan.stdio[target] = plan.stdio[1];
        continue;
      }
      std::optional<int> failure = OpenStream(static_cast<int>(kinds[target]), target, plan.uid, streams[target]);
      if (failure) return Failure{std::string("open ") + kNames[target], *failure, std::string("open ") + kNames[target]};
      plan.stdio[target] = streams[target].child.Get();
    }
    return std::nullopt;
  }

  // One for all three. Our end comes twice, to write to (0) and to read from (1): each has an owner of its own.
  std::optional<Failure> OpenTerminal(const Napi::Object& request) {
    auto failed = [] { return Failure{"open terminal", errno, "open a pseudo-terminal"}; };
    streams[0].ours = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (streams[0].ours.Get() < 0) return failed();
    Descriptor child = OpenChildEnd(streams[0].ours);
    if (child.Get() < 0) return failed();
    streams[0].child = Descriptor(fcntl(child.Get(), F_DUPFD_CLOEXEC, 3));
    if (streams[0].child.Get() < 0) return failed();
    streams[1].ours = Descriptor(fcntl(streams[0].ours.Get(), F_DUPFD_CLOEXEC, 3));
    if (streams[1].ours.Get() < 0) return failed();
    auto sides = [&request](const char* name) { return static_cast<unsigned short>(IntField(request, name)); };
    winsize size = {sides("rows"), sides("columns"), 0, 0};
    ioctl(child.Get(), TIOCSWINSZ, &size);
    // As with a pipe: its owner may open it again, by its name or as /dev/tty.
    if (plan.uid.given && fchown(child.Get(), plan.uid.value, static_cast<gid_t>(-1)) != 0) {
    }
    for (int& fd : plan.stdio) fd = streams[0].child.Get();
    plan.has_terminal = true;
    return std::nullopt;
  }

  // What the report of the child means.
  Failure Explain() const;

  ChildPlan plan = {};
  Stream streams[3];

 private:
  void ReadPlace(const Napi::Object& request) {
    if (IsGiven(request, "cwd")) {
      cwd_ = TextField(request, "cwd");
      plan.cwd = cwd_.c_str();
    }
    if (IsGiven(request, "oomScoreAdj")) {
      oom_score_adj_ = std::to_string(IntField(request, "oomScoreAdj"));
      plan.oom_score_adj = oom_score_adj_.c_str();
    }
    plan.has_nice = IsGiven(request, "nice");
    if (plan.has_nice) plan.nice = IntField(request, "nice");
    plan.has_umask = IsGiven(request, "umask");
    if (plan.has_umask) plan.umask = static_cast<mode_t>(IntField(request, "umask"));
  }

  void ReadIdentity(const Napi::Object& request) {
    plan.uid = IdField(request, "uid");
    plan.changes_user = plan.uid.given && plan.uid.value != geteuid();
    plan.gid = IdField(request, "gid");
    user_ = IsGiven(request, "userName") ? TextField(request, "userName") : std::to_string(plan.uid.value);
    plan.has_groups = IsGiven(request, "groups");
    for (int64_t group : NumberListField(request, "groups")) groups_.push_back(static_cast<gid_t>(group));
    plan.groups = groups_.data();
    plan.group_count = static_cast<int>(groups_.size());
    plan.has_capabilities = IsGiven(request, "capabilities");
    for (int64_t number : NumberListField(request, "capabilities")) plan.capabilities |= uint64_t{1} << (number & 63);
    plan.parent_death_signal = IsGiven(request, "parentDeathSignal") ? IntField(request, "parentDeathSignal") : 0;
    plan.parent = getpid();
    plan.no_new_privs = BoolField(request, "noNewPrivs");
  }

  void ReadLimits(const Napi::Object& request) {
    std::vector<int64_t> numbers = NumberListField(request, "limits");
    for (size_t index = 0; index + 2 < numbers.size(); index += 3) {
      limits_.push_back({static_cast<int>(numbers[index]), {LimitValue(numbers[index + 1]), LimitValue(numbers[index + 2])}});
    }
    plan.mark = static_cast<uint64_t>(IsGiven(request, "mark") ? request.Get("mark").ToNumber().Int64Value() : 0);
    plan.limits = limits_.data();
    plan.limit_count = static_cast<int>(limits_.size());
  }

  Failure ExplainExecute() const;

  std::string file_, cwd_, oom_score_adj_, user_;
  std::vector<std::string> argv_texts_, set_;
  Environment environment_;
  std::vector<std::string> candidate_texts_;
  std::vector<char*> argv_, candidates_;
  std::vector<gid_t> groups_;
  std::vector<ResourceLimit> limits_;
};

Failure Preparation::Explain() const {
  int number = plan.failed_errno;
  switch (plan.failed_step) {
    case Step::kSetOomScoreAdj:
      return {"set oom_score_adj", number, "set oom_score_adj to " + oom_score_adj_};
    case Step::kSetLimit:
      return {"set limit", number, std::string("set limit ") + kLimitNames[plan.limits[plan.failed_index].resource & 15]};
    case Step::kSetNice:
      return {"set nice", number, "set nice to " + std::to_string(plan.nice)};
    case Step::kDropCapabilities:
      return {"drop capabilities", number, "drop capabilities"};
    case Step::kKeepCapabilities:
      return {"keep capabilities", number, "keep the capabilities asked for"};
    case Step::kSetParentDeathSignal:
      return {"set parent-death signal", number, "set the parent-death signal"};
    case Step::kSetGroups:
      return {"set groups", number, "set the supplementary groups of " + user_};
    case Step::kChangeGroup:
      return {"change group", number, "change group to " + std::to_string(plan.gid.value)};
    case Step::kChangeUser:
      return {"change user", number, "change user to " + user_};
    case Step::kChangeDirectory:
      return {"change directory", number, "change directory to " + cwd_};
    case Step::kSetNoNewPrivs:
      return {"set no_new_privs", number, "set no_new_privs"};
    case Step::kExecute:
      return ExplainExecute();
    case Step::kStartSession:
      return {"start session", number, "start a session"};
    default:
      return {"set up streams", number, "set up the standard streams"};
  }
}

Failure Preparation::ExplainExecute() const {
  int number = plan.failed_errno;
  bool was_searched = file_.find('/') == std::string::npos;
  std::string what = "execute " + (number == ENOENT ? file_ : candidate_texts_[plan.failed_index]);
  if (number == ENOENT && was_searched) {
    const char* path = environment_.Find("PATH");
    what += path == nullptr ? " (not found in the default PATH)" : " (not found in PATH " + std::string(path) + ")";
  } else if (number == ENOENT && cwd_.empty() && access(file_.c_str(), F_OK) == 0) {
    // execve(2) says so too when the interpreter of a script or the loader of a program is missing.
    what += " (it is there, but the interpreter it names is not)";
  } else if (number == ENOEXEC) {
    what += " (not a program, and no #! line names an interpreter)";
  }
  return {"execute", number, what};
}

Napi::Value FailureObject(Napi::Env env, const Failure& failure) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("step", failure.step);
  result.Set("errno", ErrnoName(failure.number));
  result.Set("message", "cannot " + failure.what + ": " + strerror(failure.number));
  return result;
}

// Starts the child and sleeps until it has executed the program or failed. Returns its pid, or -errno.
pid_t CloneAndExec(ChildPlan& plan) {
  void* stack = mmap(nullptr, kChildStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  // A handler of libuv's must not run in the child: it would write into a pipe that both share. All of them, the
  // C library's internal ones too, hence the system call.
  uint64_t all = ~uint64_t{0};
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  char* top = static_cast<char*>(stack) + kChildStackBytes;
  int dumpable = prctl(PR_GET_DUMPABLE);
  pid_t pid = clone(SetUpChild, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  int failure = errno;
  // A child that changes its user takes this from the memory it shares with us (prctl(2), PR_SET_DUMPABLE): then our
  // own files in /proc would be root's, and no core be dumped.
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
  munmap(stack, kChildStackBytes);
  return pid < 0 ? -failure : pid;
}

Napi::Value SpawnedObject(Napi::Env env, pid_t pid, Stream (&streams)[3]) {
  Napi::Array fds = Napi::Array::New(env, 3);
  for (uint32_t index = 0; index < 3; ++index) fds.Set(index, Napi::Number::New(env, streams[index].ours.Release()));
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, pid));
  result.Set("fds", fds);
  return result;
}

}  // namespace

Napi::Value Spawn(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object request = info[0].As<Napi::Object>();
  Preparation prepared(request);
  if (std::optional<Failure> failure = prepared.OpenStreams(request)) return FailureObject(env, *failure);
  pid_t pid = CloneAndExec(prepared.plan);
  if (pid < 0) return FailureObject(env, {"fork", -pid, "fork"});
  if (prepared.plan.failed_step != Step::kNone) {
    // Collected here, at once: nobody else ever hears of this child.
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return FailureObject(env, prepared.Explain());
  }
  return SpawnedObject(env, pid, prepared.streams);
}

}  // namespace taskmaster
