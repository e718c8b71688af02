#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace taskmaster {

// The child's environment as execve(2) takes it. Entries of the engine's own environment are passed on byte for
// byte, whatever their encoding: they never become JavaScript strings.
class Environment {
 public:
  // unset: names, a `*` at the end stands for any ending. set: `NAME=value`, laid over the rest. pid_names:
  // variables whose value is the child's pid, which it writes itself (sd_listen_fds(3), sd_watchdog_enabled(3)).
  Environment(bool clear, const std::vector<std::string>& unset, const std::vector<std::string>& set,
              const std::vector<std::string>& pid_names);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  char* const* Entries() const { return const_cast<char* const*>(entries_.data()); }

  // The value of a variable, or null.
  const char* Find(const char* name) const;

  // Where the pid goes, each with room for any; ends with null.
  char* const* PidValues() const { return pid_values_.data(); }

 private:
  std::vector<std::string> pid_texts_;
  std::vector<char*> pid_values_;     // point into pid_texts_
  std::vector<const char*> entries_;  // null-terminated; point into environ, the caller's `set` and pid_texts_
};

// Paths to try for a file: itself where it has a slash, else one for each directory of PATH (execvp(3)).
std::vector<std::string> ExecutableCandidates(const std::string& file, const char* path);

}  // namespace taskmaster
