#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace taskmaster {

// The child's environment as execve(2) takes it. Entries of the engine's own environment are passed on byte for
// byte, whatever their encoding: they never become JavaScript strings.
class Environment {
 public:
  // unset: names, a `*` at the end stands for any ending. set: `NAME=value`, laid over the rest. listen_pid: with a
  // variable LISTEN_PID, whose value the child writes when it has a pid (sd_listen_fds(3)).
  Environment(bool clear, const std::vector<std::string>& unset, const std::vector<std::string>& set, bool listen_pid);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  char* const* Entries() const { return const_cast<char* const*>(entries_.data()); }

  // The value of a variable, or null.
  const char* Find(const char* name) const;

  // Where the value of LISTEN_PID goes, with room for any pid; null if the variable was not asked for.
  char* ListenPid();

 private:
  bool IsListenPid(std::string_view name) const;

  std::vector<const char*> entries_;  // null-terminated; points into environ and into the caller's `set`
  char listen_pid_[32] = {};
};

// Paths to try for a file: itself where it has a slash, else one for each directory of PATH (execvp(3)).
std::vector<std::string> ExecutableCandidates(const std::string& file, const char* path);

}  // namespace taskmaster
