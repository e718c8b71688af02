#pragma once

#include <sys/stat.h>
#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "file_place.h"
#include "user_database.h"

namespace taskmaster {

// What is done with files on behalf of JavaScript: asked for in one thread, done in another, answered in the first.
enum class FileWork {
  kAppend,      // open for appending, made where it is missing, with the directories above it
  kRead,        // open for reading
  kReadWhole,   // what it holds, or the end of it, up to a limit
  kOverwrite,   // replace what it holds; never made
  kCreate,      // make; what is there is in the way
  kStat,        // of the name itself, and who controls the directory
  kRename,
  kLink,
  kUnlink,
  kRemoveDirectory,
  kMakeDirectory,
  kMakeDirectories,
  kList,
  kOpenDirectory,
  kListen,  // open a Unix socket at a path, or a FIFO; a socket that nobody listens on is replaced
  kSocketAccess,  // group and mode of a socket of ours
  kWrite,
  kReadAt,
  kStatDescriptor,
  kSync,
  kLock,  // exclusively, until the descriptor is closed; EWOULDBLOCK where somebody else has it: flock(2)
  kClose,
  kLookUpHost,
  kFindUser,
  kFindGroup,
};

// JavaScript's numbers hold 53 bits; overlayfs and FUSE use all 64.
constexpr int64_t InodeNumber(const struct stat& status) {
  uint64_t inode = status.st_ino;
  return static_cast<int64_t>((inode ^ (inode >> 53)) & ((1ULL << 53) - 1));
}

struct FileCall {
  FileWork work = FileWork::kStat;
  // Asked for. -1: not given.
  std::string path;
  std::string to;
  int descriptor = -1;
  int64_t mode = -1;
  int64_t uid = -1;
  int64_t gid = -1;
  int64_t user = -1;  // whose files may be used beside ours and the directory's owner's
  int64_t device = -1, inode = -1;  // the one file that is meant
  int64_t offset = -1;
  bool follow = false;
  bool regular_only = false;
  bool lenient = false;  // an owner that cannot be given is no failure
  bool refuse_foreign = false;
  std::string prefix;
  int64_t limit = -1;
  bool is_tail = false;
  std::string text;  // to write; read
  std::vector<iovec> buffers;

  // Answered.
  FileError error;
  int opened = -1;
  bool is_made = false;
  struct stat status = {};
  Control control = Control::kOurs;
  uid_t directory_uid = 0;
  mode_t directory_mode = 0;
  bool may_write = false;
  std::string real_path;
  int64_t count = 0;
  struct Entry {
    std::string name;
    bool is_directory;
  };
  std::vector<Entry> entries;
  NameEntry name_entry;

  void Run();
};

}  // namespace taskmaster
