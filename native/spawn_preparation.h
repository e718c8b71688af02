#pragma once

#include <napi.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "child_setup.h"
#include "environment.h"

namespace taskmaster {

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

// One of the child's descriptors: its end, above all numbers that the child places, so that no dup can overwrite
// another one's source, and ours if it is a pipe.
struct Stream {
  Descriptor child;
  Descriptor ours;
};

// A request in the form the child can use, and everything that form points into.
class Preparation {
 public:
  explicit Preparation(const Napi::Object& request);
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  std::optional<Failure> OpenDescriptors(const Napi::Object& request);

  // What the report of the child means.
  Failure Explain() const;
  // What the child is about to do, for one that does not come to an end with it.
  Failure Present() const;

  // What holds up the other one, which is its user or a disk, may hold up this one too.
  bool MayHangAs(const Preparation& other) const;

  ChildPlan plan = {};
  std::vector<Stream> streams;

 private:
  std::optional<Failure> OpenTerminal(const Napi::Object& request);
  std::optional<int> OpenStream(int kind, int target);
  void ReadPlace(const Napi::Object& request);
  void ReadIdentity(const Napi::Object& request);
  void ReadLimits(const Napi::Object& request);
  void ReadLandlock(const Napi::Object& request);
  void ReadMounts(const Napi::Object& request);
  Failure ExplainStep(Step step, int number) const;
  Failure ExplainLimit(int number) const;
  Failure ExplainLandlock(int number) const;
  Failure ExplainMount(int number) const;
  Failure ExplainExecute() const;

  std::string file_, cwd_, oom_score_adj_, user_, group_;
  std::vector<std::string> argv_texts_, set_;
  Environment environment_;
  std::vector<std::string> candidate_texts_;
  std::vector<char*> argv_, candidates_;
  std::vector<gid_t> groups_;
  std::vector<ResourceLimit> limits_;
  std::vector<sock_filter> filter_;
  std::vector<std::string> mount_texts_;
  std::vector<ChildMount> mounts_;
  std::vector<std::string> landlock_texts_;
  std::vector<LandlockPath> landlock_paths_;
  std::vector<LandlockPort> landlock_ports_;
  std::vector<int> sources_;
};

}  // namespace taskmaster
