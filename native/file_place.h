#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "file_identity.h"

namespace taskmaster {

// Who may put what they like at a name in a directory.
enum class Control {
  kOurs,     // only root and the engine's user
  kShared,   // others too; it belongs to root or to the engine's user
  kForeign,  // another user, to whom it belongs
};

// A system call that failed, or a rule that was broken; `why` is a word for the latter.
struct FileError {
  int number = 0;
  const char* why = "";
  std::string at;
};

// A name in a directory that was reached without trusting anybody.
class Place {
 public:
  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place();

  struct Options {
    bool follow = false;     // a link at the end, where only root and the engine's user could have made it
    bool enter = false;      // the last one is a directory to be in
    bool make_directories = false;
    mode_t directory_mode = 0755;
    uid_t directory_uid = static_cast<uid_t>(-1);
    gid_t directory_gid = static_cast<gid_t>(-1);
  };

  // Walks from / by descriptor, one component after the other. False: `error` says why not.
  bool Reach(const std::string& path, const Options& options, FileError& error);

  int directory() const { return directory_; }
  const char* name() const { return name_.c_str(); }
  std::string real_path() const;
  Control control() const { return control_; }
  const struct stat& owner() const { return owner_; }
  bool is_read_only() const { return is_read_only_; }
  // Only root and the engine's user can change where the path leads.
  bool is_fixed() const { return is_fixed_; }
  // A link of /proc that leads to an open file: opened as it is.
  bool is_magic() const { return is_magic_; }
  // As the owner of a foreign directory, as far as the kernel allows; otherwise as ourselves.
  void Act(FileIdentity& identity) const;

 private:
  bool Enter(int descriptor, FileError& error);
  bool MakeDirectory(const std::string& name, const Options& options);
  bool MayFollow(const struct stat& link) const;

  int directory_ = -1;
  std::string name_;
  std::vector<std::string> real_;
  struct stat owner_ = {};
  Control control_ = Control::kOurs;
  bool is_read_only_ = false;
  bool is_magic_ = false;
  bool is_fixed_ = true;
};

// Root, the engine's user, and who is outside of our user namespace.
bool IsTrusted(uid_t uid);

}  // namespace taskmaster
