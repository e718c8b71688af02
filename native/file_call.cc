#include "file_call.h"

#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "listen_socket.h"

namespace taskmaster {
namespace {

constexpr mode_t kNewFileMode = 0644;
constexpr size_t kMostEntries = 100'000;
constexpr int kAttempts = 8;
constexpr size_t kFirstRead = 16'384;
constexpr int kQuietly = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

bool Fail(FileCall& call, int number, const char* why = "") {
  call.error.number = number;
  call.error.why = why;
  return false;
}

bool Reach(FileCall& call, Place& place, const std::string& path, bool follow, bool make_directories = false, bool enter = false) {
  Place::Options options;
  options.follow = follow;
  options.enter = enter;
  options.make_directories = make_directories;
  if (make_directories && call.work == FileWork::kAppend) {
    options.directory_uid = static_cast<uid_t>(call.uid);
    options.directory_gid = static_cast<gid_t>(call.gid);
  } else if (call.mode >= 0 && call.work != FileWork::kListen) {
    options.directory_mode = static_cast<mode_t>(call.mode);
  }
  bool is_reached = place.Reach(path, options, call.error);
  call.control = place.control();
  call.directory_uid = place.owner().st_uid;
  call.directory_mode = place.owner().st_mode;
  if (!is_reached) return false;
  call.real_path = place.real_path();
  if (call.refuse_foreign && place.control() == Control::kForeign) return Fail(call, EPERM, "foreign");
  return true;
}

// What others may have put there is looked at before it is used.
bool IsAcceptable(FileCall& call, const Place& place, bool is_as_owner) {
  const struct stat& file = call.status;
  if (S_ISDIR(file.st_mode)) return Fail(call, EISDIR);
  if (call.regular_only && !S_ISREG(file.st_mode)) return Fail(call, EPERM, "kind");
  bool is_meant = call.inode < 0 || (InodeNumber(file) == call.inode && file.st_dev == static_cast<dev_t>(call.device));
  if (!is_meant) return Fail(call, ENOENT);
  if (place.control() == Control::kOurs) return true;
  bool is_fifo = S_ISFIFO(file.st_mode) && call.work == FileWork::kAppend;
  if (!S_ISREG(file.st_mode) && !is_fifo) return Fail(call, EPERM, "kind");
  if (file.st_nlink > 1) return Fail(call, EPERM, "hard-link");
  bool is_of_directory = file.st_uid == place.owner().st_uid;
  if (call.work == FileWork::kRead || call.work == FileWork::kReadWhole) {
    if (call.inode >= 0 || is_as_owner || is_of_directory) {
      bool is_hidden = place.control() == Control::kShared && IsTrusted(file.st_uid) && (file.st_mode & S_IROTH) == 0 &&
                       (place.owner().st_mode & S_ISVTX) == 0 && call.inode < 0 && !place.is_read_only();
      return is_hidden ? Fail(call, EPERM, "private") : true;
    }
    return place.control() == Control::kShared ? true : Fail(call, EPERM, "owner");
  }
  bool is_expected = IsTrusted(file.st_uid) || is_of_directory || file.st_uid == static_cast<uid_t>(call.uid) ||
                     file.st_uid == static_cast<uid_t>(call.user);
  return is_expected ? true : Fail(call, EPERM, "owner");
}

// 0, or an errno. Leaves the descriptor in call.opened.
int OpenAs(FileCall& call, const Place& place, int flags, bool as_owner, bool& is_as_owner) {
  FileIdentity identity;
  if (as_owner) place.Act(identity);
  is_as_owner = identity.IsActive();
  int no_follow = place.is_magic() ? 0 : O_NOFOLLOW;
  int opened = openat(place.directory(), place.name(), flags | no_follow | kQuietly);
  if (opened < 0 && errno == ENXIO && (flags & O_ACCMODE) == O_WRONLY && call.work == FileWork::kAppend) {
    // A FIFO that nobody reads yet: open for both, which never fails, and its reader may come later (fifo(7)).
    struct stat status;
    if (fstatat(place.directory(), place.name(), &status, no_follow != 0 ? AT_SYMLINK_NOFOLLOW : 0) == 0 && S_ISFIFO(status.st_mode))
      opened = openat(place.directory(), place.name(), (flags & ~O_ACCMODE) | O_RDWR | no_follow | kQuietly);
    else errno = ENXIO;
  }
  if (opened < 0) return errno;
  call.opened = opened;
  return 0;
}

bool Drop(FileCall& call) {
  if (call.opened >= 0) close(call.opened);
  call.opened = -1;
  return false;
}

// One that is there. Root's own file in a directory of another user is ours, though that user cannot open it: it is
// nowhere else, and a user who can rename it gains nothing by what is appended.
bool OpenExisting(FileCall& call, const Place& place, int flags) {
  bool is_as_owner = false;
  int failure = OpenAs(call, place, flags, true, is_as_owner);
  bool may_be_ours = call.work == FileWork::kAppend || call.inode >= 0;
  if (failure == EACCES && is_as_owner && may_be_ours) {
    failure = OpenAs(call, place, flags, false, is_as_owner);
    if (failure == 0 && (fstat(call.opened, &call.status) != 0 || !IsTrusted(call.status.st_uid))) {
      Drop(call);
      failure = EACCES;
    }
  }
  if (failure != 0) return Fail(call, failure, failure == ELOOP ? "link" : "");
  if (fstat(call.opened, &call.status) != 0) return Fail(call, errno), Drop(call);
  return IsAcceptable(call, place, is_as_owner) || Drop(call);
}

bool GiveAccess(FileCall& call, bool is_chosen) {
  // chown(2) takes bits away, so it comes first; the umask has no say in what was asked for.
  bool is_given = true;
  if (call.uid >= 0 || call.gid >= 0)
    is_given = fchown(call.opened, static_cast<uid_t>(call.uid), static_cast<gid_t>(call.gid)) == 0;
  if (is_given && is_chosen) is_given = fchmod(call.opened, static_cast<mode_t>(call.mode)) == 0;
  return is_given || call.lenient ? true : Fail(call, errno);
}

// As the directory's owner; as ourselves where the file is for somebody else, who must not find it open already.
bool MakeNew(FileCall& call, const Place& place, int flags) {
  bool is_for_other = call.uid >= 0 && static_cast<uid_t>(call.uid) != place.owner().st_uid;
  {
    FileIdentity identity;
    if (!is_for_other) place.Act(identity);
    mode_t mode = call.mode >= 0 ? static_cast<mode_t>(call.mode) : kNewFileMode;
    call.opened = openat(place.directory(), place.name(), flags | O_CREAT | O_EXCL | O_NOFOLLOW | kQuietly, mode);
  }
  if (call.opened < 0) return Fail(call, errno);
  call.is_made = true;
  if (!GiveAccess(call, call.mode >= 0)) return Drop(call);
  return fstat(call.opened, &call.status) == 0 ? true : (Fail(call, errno), Drop(call));
}

bool Append(FileCall& call) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Place place;
    call.error = FileError();
    if (!Reach(call, place, call.path, true, true)) return false;
    if (OpenExisting(call, place, O_WRONLY | O_APPEND)) return true;
    if (call.error.number != ENOENT) return false;
    call.error = FileError();
    if (MakeNew(call, place, O_WRONLY | O_APPEND)) return true;
    if (call.error.number != EEXIST) return false;
  }
  return false;
}

bool OpenThere(FileCall& call, int flags) {
  Place place;
  return Reach(call, place, call.path, true) && OpenExisting(call, place, flags);
}

bool ReadWhole(FileCall& call) {
  call.regular_only = true;
  if (!OpenThere(call, O_RDONLY)) return false;
  off_t offset = call.is_tail ? std::max<off_t>(0, call.status.st_size - call.limit) : 0;
  call.text.resize(std::min<int64_t>(call.limit, call.status.st_size));
  // One byte more tells that there is more.
  call.text.resize(call.is_tail ? call.text.size() : call.text.size() + 1);
  size_t length = 0;
  ssize_t count = 1;
  while (count > 0 && length < call.text.size()) {
    count = pread(call.opened, call.text.data() + length, call.text.size() - length, offset + length);
    if (count > 0) length += count;
    // /proc says 0 of every size.
    if (count > 0 && call.status.st_size == 0 && !call.is_tail)
      call.text.resize(std::min<size_t>(call.limit + 1, std::max<size_t>(kFirstRead, 2 * length)));
  }
  if (count < 0) Fail(call, errno);
  call.text.resize(length);
  Drop(call);
  return count >= 0;
}

bool Overwrite(FileCall& call) {
  if (!OpenThere(call, O_WRONLY)) return false;
  bool is_written = !S_ISREG(call.status.st_mode) || ftruncate(call.opened, 0) == 0;
  is_written = is_written && write(call.opened, call.text.data(), call.text.size()) >= 0;
  if (!is_written) Fail(call, errno);
  Drop(call);
  return is_written;
}

bool Stat(FileCall& call) {
  Place place;
  bool is_reached = Reach(call, place, call.path, call.follow);
  FileIdentity identity;
  place.Act(identity);
  if (place.directory() >= 0)
    call.may_write = faccessat(place.directory(), ".", W_OK | X_OK, AT_EACCESS) == 0;
  if (!is_reached) return false;
  int flags = place.is_magic() ? 0 : AT_SYMLINK_NOFOLLOW;
  if (fstatat(place.directory(), place.name(), &call.status, flags) != 0) return Fail(call, errno);
  return true;
}

template <typename Work>
bool InDirectory(FileCall& call, Work work) {
  Place place;
  if (!Reach(call, place, call.path, false)) return false;
  FileIdentity identity;
  place.Act(identity);
  return work(place) == 0 ? true : Fail(call, errno);
}

// rename(2), link(2): within what one user controls.
template <typename Work>
bool FromTo(FileCall& call, Work work) {
  Place from, to;
  if (!Reach(call, from, call.path, false) || !Reach(call, to, call.to, false)) return false;
  bool is_foreign = from.control() == Control::kForeign || to.control() == Control::kForeign;
  if (is_foreign && (from.control() != to.control() || from.owner().st_uid != to.owner().st_uid))
    return Fail(call, EPERM, "foreign");
  FileIdentity identity;
  from.Act(identity);
  return work(from, to) == 0 ? true : Fail(call, errno);
}

bool OpenFolder(FileCall& call, int flags) {
  Place place;
  if (!Reach(call, place, call.path, true, false, true)) return false;
  FileIdentity identity;
  place.Act(identity);
  call.opened = openat(place.directory(), ".", flags | O_DIRECTORY | O_CLOEXEC);
  if (call.opened < 0 || fstat(call.opened, &call.status) != 0) return Fail(call, errno), Drop(call);
  bool is_to_change = call.work == FileWork::kOpenDirectory && call.mode >= 0;
  if (is_to_change && call.status.st_uid != geteuid()) return Fail(call, EPERM, "foreign"), Drop(call);
  if (is_to_change && fchmod(call.opened, static_cast<mode_t>(call.mode)) != 0) return Fail(call, errno), Drop(call);
  return true;
}

bool List(FileCall& call) {
  if (!OpenFolder(call, O_RDONLY)) return false;
  DIR* folder = fdopendir(call.opened);
  if (folder == nullptr) return Fail(call, errno), Drop(call);
  call.opened = -1;
  while (dirent* entry = readdir(folder)) {
    std::string name = entry->d_name;
    if (name == "." || name == ".." || name.compare(0, call.prefix.size(), call.prefix) != 0) continue;
    bool is_directory = entry->d_type == DT_DIR;
    struct stat status;
    if (entry->d_type == DT_UNKNOWN && fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      is_directory = S_ISDIR(status.st_mode);
    call.entries.push_back({name, is_directory});
    if (call.entries.size() >= kMostEntries) break;
  }
  closedir(folder);
  return true;
}

bool MakeDirectories(FileCall& call) {
  Place place;
  return Reach(call, place, call.path, true, true, true);
}

// A socket has no descriptor of its file: in a directory of ours nobody can have swapped it.
bool SocketAccess(FileCall& call) {
  Place place;
  if (!Reach(call, place, call.path, false)) return false;
  if (place.control() != Control::kOurs) return Fail(call, EPERM, "foreign");
  if (fstatat(place.directory(), place.name(), &call.status, AT_SYMLINK_NOFOLLOW) != 0) return Fail(call, errno);
  if (!S_ISSOCK(call.status.st_mode) || call.status.st_uid != geteuid()) return Fail(call, EPERM, "kind");
  if (call.gid >= 0 && fchownat(place.directory(), place.name(), static_cast<uid_t>(-1), static_cast<gid_t>(call.gid), AT_SYMLINK_NOFOLLOW) != 0)
    return Fail(call, errno);
  return fchmodat(place.directory(), place.name(), static_cast<mode_t>(call.mode), 0) == 0 ? true : Fail(call, errno);
}

// Owner and mode by a descriptor of what is there, once that is known to be ours.
bool GiveFile(FileCall& call, const Place& place, mode_t kind) {
  int file = openat(place.directory(), place.name(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return Fail(call, errno);
  bool is_ours = fstat(file, &call.status) == 0 && (call.status.st_mode & S_IFMT) == kind && call.status.st_nlink == 1 &&
                 (IsTrusted(call.status.st_uid) || call.status.st_uid == place.owner().st_uid);
  std::string name = "/proc/self/fd/" + std::to_string(file);
  bool is_given = is_ours || Fail(call, EPERM, "kind");
  if (is_given && (call.uid >= 0 || call.gid >= 0))
    is_given = fchownat(file, "", static_cast<uid_t>(call.uid), static_cast<gid_t>(call.gid), AT_EMPTY_PATH) == 0 || Fail(call, errno);
  is_given = is_given && (chmod(name.c_str(), static_cast<mode_t>(call.mode)) == 0 || Fail(call, errno));
  close(file);
  return is_given;
}

// `limit`: the socket's type, 0 for a FIFO; `offset`: how many may wait.
bool Listen(FileCall& call) {
  Place place;
  if (!Reach(call, place, call.path, false, true)) return false;
  int type = static_cast<int>(call.limit);
  {
    FileIdentity identity;
    place.Act(identity);
    int failure = type == 0 ? OpenFifo(place, call.opened) : ListenAt(place, type, static_cast<int>(call.offset), call.opened);
    if (failure != 0) return Fail(call, failure), Drop(call);
  }
  return GiveFile(call, place, type == 0 ? S_IFIFO : S_IFSOCK) || Drop(call);
}

bool LookUpHost(FileCall& call) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = static_cast<int>(call.mode >= 0 ? call.mode : 0);
  addrinfo* found = nullptr;
  call.count = getaddrinfo(call.path.c_str(), nullptr, &hints, &found);
  if (call.count != 0) return Fail(call, call.count == EAI_SYSTEM ? errno : ENOENT, "host");
  char text[NI_MAXHOST];
  for (addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      call.entries.push_back({text, one->ai_family == AF_INET6});
  }
  freeaddrinfo(found);
  return true;
}

bool Count(FileCall& call, ssize_t count) {
  if (count < 0) return Fail(call, errno);
  call.count = count;
  return true;
}

}  // namespace

void FileCall::Run() {
  switch (work) {
    case FileWork::kAppend: Append(*this); break;
    case FileWork::kRead: OpenThere(*this, O_RDONLY); break;
    case FileWork::kReadWhole: ReadWhole(*this); break;
    case FileWork::kOverwrite: Overwrite(*this); break;
    case FileWork::kCreate: {
      Place place;
      if (Reach(*this, place, path, false)) MakeNew(*this, place, O_WRONLY);
      break;
    }
    case FileWork::kStat: Stat(*this); break;
    case FileWork::kRename:
      FromTo(*this, [](Place& from, Place& to) { return renameat(from.directory(), from.name(), to.directory(), to.name()); });
      break;
    case FileWork::kLink:
      FromTo(*this, [](Place& from, Place& to) { return linkat(from.directory(), from.name(), to.directory(), to.name(), 0); });
      break;
    case FileWork::kUnlink: InDirectory(*this, [](Place& place) { return unlinkat(place.directory(), place.name(), 0); }); break;
    case FileWork::kRemoveDirectory:
      InDirectory(*this, [](Place& place) { return unlinkat(place.directory(), place.name(), AT_REMOVEDIR); });
      break;
    case FileWork::kMakeDirectory:
      InDirectory(*this, [this](Place& place) { return mkdirat(place.directory(), place.name(), static_cast<mode_t>(mode)); });
      break;
    case FileWork::kMakeDirectories: MakeDirectories(*this); break;
    case FileWork::kList: List(*this); break;
    case FileWork::kOpenDirectory: OpenFolder(*this, mode >= 0 ? O_RDONLY : O_PATH); break;
    case FileWork::kListen: Listen(*this); break;
    case FileWork::kSocketAccess: SocketAccess(*this); break;
    case FileWork::kWrite:
      Count(*this, writev(descriptor, buffers.data(), static_cast<int>(std::min<size_t>(buffers.size(), 1024))));
      break;
    case FileWork::kReadAt:
      Count(*this, offset < 0 ? readv(descriptor, buffers.data(), 1) : preadv(descriptor, buffers.data(), 1, offset));
      break;
    case FileWork::kStatDescriptor:
      if (fstat(descriptor, &status) != 0) Fail(*this, errno);
      break;
    case FileWork::kSync:
      if (fsync(descriptor) != 0) Fail(*this, errno);
      break;
    case FileWork::kLock:
      if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) Fail(*this, errno);
      break;
    case FileWork::kClose: close(descriptor); break;
    case FileWork::kLookUpHost: LookUpHost(*this); break;
    case FileWork::kFindUser: error.number = FindUser(path, name_entry); break;
    case FileWork::kFindGroup: error.number = FindGroup(path, name_entry); break;
  }
}

}  // namespace taskmaster
