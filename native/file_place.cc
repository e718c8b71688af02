#include "file_place.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <deque>

namespace taskmaster {
namespace {

constexpr int kMostLinks = 40;
constexpr uid_t kOverflowUid = 65534;
constexpr uid_t kUnchanged = static_cast<uid_t>(-1);

// In a user namespace, users outside of it are shown as nobody; no process inside can be that user.
bool IsOverflowOutside() {
  static const bool is_outside = [] {
    FILE* map = fopen("/proc/self/uid_map", "re");
    if (map == nullptr) return false;
    unsigned long inside, outside, count;
    bool is_mapped = false;
    while (fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3)
      is_mapped = is_mapped || (kOverflowUid >= inside && kOverflowUid - inside < count);
    fclose(map);
    return !is_mapped;
  }();
  return is_outside;
}

void PushFront(std::deque<std::string>& components, const std::string& path) {
  std::vector<std::string> parts;
  for (size_t from = 0; from <= path.size();) {
    size_t end = path.find('/', from);
    if (end == std::string::npos) end = path.size();
    if (end > from && path.compare(from, end - from, ".") != 0) parts.push_back(path.substr(from, end - from));
    from = end + 1;
  }
  components.insert(components.begin(), parts.begin(), parts.end());
}

}  // namespace

bool IsTrusted(uid_t uid) {
  return uid == 0 || uid == geteuid() || (uid == kOverflowUid && IsOverflowOutside());
}

Place::~Place() {
  if (directory_ >= 0) close(directory_);
}

std::string Place::real_path() const {
  std::string path;
  for (const std::string& part : real_) path += "/" + part;
  return path + "/" + name_;
}

void Place::Act(FileIdentity& identity) const {
  if (control_ == Control::kForeign && !is_read_only_) identity.Become(owner_.st_uid, owner_.st_gid);
}

bool Place::MayFollow(const struct stat& link) const {
  return (control_ == Control::kOurs || is_read_only_) && IsTrusted(link.st_uid);
}

// Takes over the descriptor.
bool Place::Enter(int descriptor, FileError& error) {
  if (directory_ >= 0) {
    if (control_ != Control::kOurs) is_fixed_ = false;
    close(directory_);
  }
  directory_ = descriptor;
  if (fstat(directory_, &owner_) != 0) {
    error.number = errno;
    return false;
  }
  bool is_for_others = (owner_.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!IsTrusted(owner_.st_uid)) control_ = Control::kForeign;
  else control_ = is_for_others ? Control::kShared : Control::kOurs;
  is_read_only_ = false;
  // On a read-only mount nobody changes anything: volumes of secrets are mode 1777, and full of links.
  struct statvfs mount;
  if (control_ != Control::kOurs && fstatvfs(directory_, &mount) == 0) is_read_only_ = (mount.f_flag & ST_RDONLY) != 0;
  return true;
}

bool Place::MakeDirectory(const std::string& name, const Options& options) {
  FileIdentity identity;
  Act(identity);
  if (mkdirat(directory_, name.c_str(), options.directory_mode) != 0) return errno == EEXIST;
  int made = openat(directory_, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made < 0) return true;
  // Only where nobody can have put another one in its place meanwhile, or where that one is the user's own affair.
  bool is_safe = control_ == Control::kOurs || identity.IsActive();
  bool is_given = options.directory_uid != kUnchanged || options.directory_gid != kUnchanged;
  if (is_given && control_ == Control::kOurs && fchown(made, options.directory_uid, options.directory_gid) != 0) is_safe = false;
  // The umask has no say.
  if (is_safe) (void)!fchmod(made, options.directory_mode);
  close(made);
  return true;
}

bool Place::Reach(const std::string& path, const Options& options, FileError& error) {
  std::deque<std::string> components;
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos) {
    error.number = EINVAL;
    return false;
  }
  PushFront(components, path);
  int links = 0;
  auto fail = [&](int number, const char* why = "") {
    error.number = number;
    error.why = why;
    error.at = real_path();
    return false;
  };
  auto begin = [&] {
    real_.clear();
    name_.clear();
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root >= 0 ? Enter(root, error) : fail(errno);
  };
  if (!begin()) return false;
  if (components.empty()) name_.assign(1, '.');
  while (!components.empty()) {
    name_ = components.front();
    components.pop_front();
    const bool is_last = components.empty() && !options.enter;
    const bool is_up = name_ == "..";
    if (is_last && !is_up && !options.follow) return true;
    int child;
    {
      FileIdentity identity;
      Act(identity);
      child = openat(directory_, name_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (child < 0) {
      if (errno != ENOENT) return fail(errno);
      if (is_last) return true;
      if (!options.make_directories) return fail(ENOENT);
      if (!MakeDirectory(name_, options)) return fail(errno);
      components.push_front(name_);
      if (++links > kMostLinks * 4) return fail(ELOOP);
      continue;
    }
    struct stat status;
    if (fstat(child, &status) != 0) {
      int number = errno;
      close(child);
      return fail(number);
    }
    if (S_ISLNK(status.st_mode)) {
      struct statfs where;
      if (!MayFollow(status)) {
        close(child);
        return fail(ELOOP, "link");
      }
      bool is_in_proc = is_last && fstatfs(directory_, &where) == 0 && where.f_type == PROC_SUPER_MAGIC;
      char target[PATH_MAX];
      ssize_t length = readlinkat(child, "", target, sizeof target);
      int number = errno;
      close(child);
      // `pipe:[1]`, `/dev/pts/0`, `/some/file (deleted)`: what /proc says is not where such a link leads.
      if (is_in_proc && real_.size() >= 2 && real_.back() == "fd") {
        is_magic_ = true;
        return true;
      }
      if (length < 0) return fail(number);
      if (length == sizeof target) return fail(ENAMETOOLONG);
      if (++links > kMostLinks) return fail(ELOOP);
      std::string text(target, length);
      PushFront(components, text);
      if (text[0] == '/' && !begin()) return false;
      if (components.empty()) name_.assign(1, '.');
      continue;
    }
    if (is_last && !is_up) {
      close(child);
      return true;
    }
    if (!S_ISDIR(status.st_mode)) {
      close(child);
      return fail(ENOTDIR);
    }
    if (is_up) {
      if (!real_.empty()) real_.pop_back();
    } else {
      real_.push_back(name_);
    }
    if (!Enter(child, error)) return false;
    if (components.empty()) name_.assign(1, '.');
  }
  return true;
}

}  // namespace taskmaster
