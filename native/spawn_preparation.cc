#include "spawn_preparation.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "decode.h"

namespace taskmaster {
namespace {

constexpr int kNullDevice = -1;
constexpr int kNewPipe = -2;
constexpr int kNewTerminal = -3;
constexpr int kLikeStdout = -4;
constexpr size_t kStandardStreams = 3;

// By the resource's number (setrlimit(2)).
constexpr const char* kLimitNames[] = {"cpu",     "fsize", "data",       "stack",    "core", "rss",    "nproc", "nofile",
                                       "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};

std::string NameOf(size_t target) {
  static constexpr const char* kNames[kStandardStreams] = {"stdin", "stdout", "stderr"};
  return target < kStandardStreams ? kNames[target] : "descriptor " + std::to_string(target);
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

// The kernel's ids have 32 bits. What does not fit must not wrap round to root: the child refuses the largest number.
uint32_t AsId(double number) {
  bool fits = number >= 0 && number < UINT32_MAX && number == std::floor(number);
  return fits ? static_cast<uint32_t>(number) : UINT32_MAX;
}

OptionalId IdField(const Napi::Object& request, const char* name) {
  if (!IsGiven(request, name)) return {false, 0};
  return {true, AsId(request.Get(name).ToNumber().DoubleValue())};
}

rlim64_t LimitValue(int64_t number) { return number < 0 ? RLIM64_INFINITY : static_cast<rlim64_t>(number); }

}  // namespace

Preparation::Preparation(const Napi::Object& request)
    : file_(TextField(request, "file")),
      argv_texts_(TextListField(request, "argv")),
      set_(TextListField(request, "set")),
      environment_(BoolField(request, "clearEnvironment"), TextListField(request, "unset"), set_,
                   TextListField(request, "pidVariables")),
      candidate_texts_(ExecutableCandidates(file_, environment_.Find("PATH"))),
      argv_(PointersTo(argv_texts_)),
      candidates_(PointersTo(candidate_texts_)) {
  plan.candidates = candidates_.data();
  plan.argv = argv_.data();
  plan.envp = environment_.Entries();
  plan.pid_values = environment_.PidValues();
  ReadPlace(request);
  ReadIdentity(request);
  ReadLimits(request);
  ReadMounts(request);
  if (IsGiven(request, "landlock")) ReadLandlock(request.Get("landlock").As<Napi::Object>());
}

std::optional<Failure> Preparation::OpenDescriptors(const Napi::Object& request) {
  std::vector<int64_t> kinds = NumberListField(request, "descriptors");
  if (kinds.size() < kStandardStreams) kinds.resize(kStandardStreams, kNullDevice);
  streams.resize(kinds.size());
  sources_.resize(kinds.size());
  plan.descriptors = sources_.data();
  plan.descriptor_count = static_cast<int>(kinds.size());
  plan.has_terminal = kinds[0] == kNewTerminal;
  if (plan.has_terminal) {
    if (std::optional<Failure> failure = OpenTerminal(request)) return failure;
  }
  for (size_t target = plan.has_terminal ? kStandardStreams : 0; target < kinds.size(); ++target) {
    if (kinds[target] == kLikeStdout) {
      sources_[target] = sources_[1];
      continue;
    }
    std::optional<int> failure = OpenStream(static_cast<int>(kinds[target]), static_cast<int>(target));
    if (failure) return Failure{"open " + NameOf(target), *failure, "open " + NameOf(target)};
    sources_[target] = streams[target].child.Get();
  }
  return std::nullopt;
}

// A new pipe belongs to the user of the program: one that has become another user may write to the pipe it was given,
// but not reopen it by its name, /dev/stdout, unless it owns it (pipe(7), inode(7)).
std::optional<int> Preparation::OpenStream(int kind, int target) {
  Stream& stream = streams[target];
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
    if (plan.uid.given && fchown(source.Get(), plan.uid.value, static_cast<gid_t>(-1)) != 0) {
      // An engine that may not give things away: then reopening fails, or the change of user does and says so.
    }
    // Ours alone: the two ends of a pipe are separate open file descriptions.
    if (fcntl(stream.ours.Get(), F_SETFL, O_NONBLOCK) != 0) return errno;
  }
  int fd = source.Get() >= 0 ? source.Get() : kind;
  if (fd >= plan.descriptor_count && source.Get() >= 0) {
    stream.child = std::move(source);
    return std::nullopt;
  }
  stream.child = Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, plan.descriptor_count));
  if (stream.child.Get() < 0) return errno;
  return std::nullopt;
}

// One for all three. Our end comes twice, to write to (0) and to read from (1): each has an owner of its own.
std::optional<Failure> Preparation::OpenTerminal(const Napi::Object& request) {
  auto failed = [] { return Failure{"open terminal", errno, "open a pseudo-terminal"}; };
  streams[0].ours = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (streams[0].ours.Get() < 0) return failed();
  Descriptor child = OpenChildEnd(streams[0].ours);
  if (child.Get() < 0) return failed();
  streams[0].child = Descriptor(fcntl(child.Get(), F_DUPFD_CLOEXEC, plan.descriptor_count));
  if (streams[0].child.Get() < 0) return failed();
  streams[1].ours = Descriptor(fcntl(streams[0].ours.Get(), F_DUPFD_CLOEXEC, 3));
  if (streams[1].ours.Get() < 0) return failed();
  auto sides = [&request](const char* name) { return static_cast<unsigned short>(IntField(request, name)); };
  winsize size = {sides("rows"), sides("columns"), 0, 0};
  ioctl(child.Get(), TIOCSWINSZ, &size);
  // As with a pipe: its owner may open it again, by its name or as /dev/tty.
  if (plan.uid.given && fchown(child.Get(), plan.uid.value, static_cast<gid_t>(-1)) != 0) {
  }
  std::fill_n(sources_.begin(), kStandardStreams, streams[0].child.Get());
  return std::nullopt;
}

void Preparation::ReadPlace(const Napi::Object& request) {
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

void Preparation::ReadIdentity(const Napi::Object& request) {
  plan.uid = IdField(request, "uid");
  plan.changes_user = plan.uid.given && plan.uid.value != geteuid();
  plan.gid = IdField(request, "gid");
  user_ = TextField(request, IsGiven(request, "userName") ? "userName" : "uid");
  group_ = TextField(request, "gid");
  plan.has_groups = IsGiven(request, "groups");
  for (double group : DoubleListField(request, "groups")) groups_.push_back(AsId(group));
  plan.groups = groups_.data();
  plan.group_count = static_cast<int>(groups_.size());
  plan.has_capabilities = IsGiven(request, "capabilities");
  for (int64_t number : NumberListField(request, "capabilities")) plan.capabilities |= uint64_t{1} << (number & 63);
  plan.has_bounding = IsGiven(request, "bounding");
  for (int64_t number : NumberListField(request, "bounding")) plan.bounding |= uint64_t{1} << (number & 63);
  plan.securebits = IsGiven(request, "securebits") ? static_cast<uint32_t>(IntField(request, "securebits")) : 0;
  plan.parent_death_signal = IsGiven(request, "parentDeathSignal") ? IntField(request, "parentDeathSignal") : 0;
  plan.parent = getpid();
  plan.no_new_privs = BoolField(request, "noNewPrivs");
  if (BoolField(request, "filtersSystemCalls")) filter_ = DefaultFilter();
  plan.filter = {static_cast<unsigned short>(filter_.size()), filter_.data()};
}

void Preparation::ReadLimits(const Napi::Object& request) {
  std::vector<int64_t> numbers = NumberListField(request, "limits");
  for (size_t index = 0; index + 2 < numbers.size(); index += 3) {
    limits_.push_back({static_cast<int>(numbers[index]), {LimitValue(numbers[index + 1]), LimitValue(numbers[index + 2])}});
  }
  plan.mark = static_cast<uint64_t>(IsGiven(request, "mark") ? request.Get("mark").ToNumber().Int64Value() : 0);
  plan.limits = limits_.data();
  plan.limit_count = static_cast<int>(limits_.size());
}

void Preparation::ReadMounts(const Napi::Object& request) {
  mount_texts_ = TextListField(request, "mounts");
  std::vector<int64_t> kinds = NumberListField(request, "mountKinds");
  for (size_t index = 0; index < mount_texts_.size() && index < kinds.size(); ++index) {
    mounts_.push_back({static_cast<MountKind>(kinds[index]), mount_texts_[index].c_str()});
  }
  plan.mounts = mounts_.data();
  plan.mount_count = static_cast<int>(mounts_.size());
}

void Preparation::ReadLandlock(const Napi::Object& landlock) {
  plan.has_landlock = true;
  plan.landlock.handled_file_rights = static_cast<uint64_t>(IntField(landlock, "handledFileRights"));
  plan.landlock.handled_port_rights = static_cast<uint64_t>(IntField(landlock, "handledPortRights"));
  landlock_texts_ = TextListField(landlock, "paths");
  std::vector<int64_t> rights = NumberListField(landlock, "pathRights");
  for (size_t index = 0; index < landlock_texts_.size() && index < rights.size(); ++index) {
    landlock_paths_.push_back({landlock_texts_[index].c_str(), static_cast<uint64_t>(rights[index])});
  }
  plan.landlock.paths = landlock_paths_.data();
  plan.landlock.path_count = static_cast<int>(landlock_paths_.size());
  std::vector<int64_t> ports = NumberListField(landlock, "ports");
  for (size_t index = 0; index + 1 < ports.size(); index += 2) {
    landlock_ports_.push_back({static_cast<uint64_t>(ports[index]), static_cast<uint64_t>(ports[index + 1])});
  }
  plan.landlock.ports = landlock_ports_.data();
  plan.landlock.port_count = static_cast<int>(landlock_ports_.size());
}

namespace {

// Null for what is not in the list.
template <typename Element>
const Element* ElementAt(const std::vector<Element>& list, int index) {
  return index >= 0 && static_cast<size_t>(index) < list.size() ? &list[static_cast<size_t>(index)] : nullptr;
}

}  // namespace

Failure Preparation::Explain() const {
  return plan.step == Step::kExecute ? ExplainExecute() : ExplainStep(plan.step, plan.failed_errno);
}

// A child that is on its way goes from step to step: its index may be of another list than the step that was just read.
Failure Preparation::Present() const { return ExplainStep(plan.step, 0); }

bool Preparation::MayHangAs(const Preparation& other) const {
  if (plan.changes_user && other.plan.changes_user && plan.uid.value == other.plan.uid.value) return true;
  const std::string* path = ElementAt(other.landlock_texts_, other.plan.failed_index);
  if (other.plan.step == Step::kRestrict && path != nullptr)
    return std::find(landlock_texts_.begin(), landlock_texts_.end(), *path) != landlock_texts_.end();
  return other.plan.step == Step::kExecute ? file_ == other.file_ : plan.cwd != nullptr && cwd_ == other.cwd_;
}

Failure Preparation::ExplainStep(Step step, int number) const {
  switch (step) {
    case Step::kNone:
      return {"fork", number, "fork"};
    case Step::kSetOomScoreAdj:
      return {"set oom_score_adj", number, "set oom_score_adj to " + oom_score_adj_};
    case Step::kSetLimit:
      return ExplainLimit(number);
    case Step::kSetNice:
      return {"set nice", number, "set nice to " + std::to_string(plan.nice)};
    case Step::kDropCapabilities:
      return {"drop capabilities", number, "drop capabilities"};
    case Step::kFilterSystemCalls:
      return {"set seccomp", number, "set seccomp"};
    case Step::kSetUpMounts:
      return ExplainMount(number);
    case Step::kSetSecureBits:
      return {"set securebits", number, "set securebits"};
    case Step::kKeepCapabilities:
      return {"keep capabilities", number, "keep the capabilities asked for"};
    case Step::kSetParentDeathSignal:
      return {"set parent-death signal", number, "set the parent-death signal"};
    case Step::kSetGroups:
      return {"set groups", number, "set the supplementary groups of " + user_};
    case Step::kChangeGroup:
      return {"change group", number, "change group to " + group_};
    case Step::kChangeUser:
      return {"change user", number, "change user to " + user_};
    case Step::kChangeDirectory:
      return {"change directory", number, "change directory to " + cwd_};
    case Step::kSetNoNewPrivs:
      return {"set no_new_privs", number, "set no_new_privs"};
    case Step::kRestrict:
      return ExplainLandlock(number);
    case Step::kExecute:
      return {"execute", number, "execute " + file_};
    case Step::kStartSession:
      return {"start session", number, "start a session"};
    default:
      return {"set up streams", number, "set up the standard streams"};
  }
}

Failure Preparation::ExplainLimit(int number) const {
  const auto* limit = ElementAt(limits_, plan.failed_index);
  if (limit == nullptr) return {"set limit", number, "set limits"};
  return {"set limit", number, std::string("set limit ") + kLimitNames[limit->resource & 15]};
}

Failure Preparation::ExplainMount(int number) const {
  static constexpr const char* kWhat[] = {"make %s read-only", "mount an empty %s", "hide %s", "change root to %s"};
  int index = plan.failed_index;
  const auto* mount = ElementAt(mounts_, index);
  const std::string* path = ElementAt(mount_texts_, index);
  if (mount == nullptr || path == nullptr) return {"set up mounts", number, "make a mount namespace"};
  std::string what = kWhat[static_cast<int>(mount->kind) & 3];
  what.replace(what.find("%s"), 2, *path);
  return {"set up mounts", number, what};
}

Failure Preparation::ExplainLandlock(int number) const {
  const std::string* path = ElementAt(landlock_texts_, plan.failed_index);
  if (path == nullptr) return {"set landlock", number, "set the landlock of the process"};
  std::string what = "open " + *path + " for landlock";
  if (number == ENOENT) what += " (create it, or write -" + *path + " if it may be absent)";
  return {"set landlock", number, what};
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
  } else if (number == EACCES && plan.has_landlock && plan.landlock.handled_file_rights != 0) {
    what += " (landlock may not allow it: list its directory and that of its loader in read or execute)";
  } else if (number == ENOEXEC) {
    what += " (not a program, and no #! line names an interpreter)";
  }
  return {"execute", number, what};
}

}  // namespace taskmaster
