#pragma once

#include <string>
#include <vector>

namespace taskmaster {

// The child's environment as execve(2) takes it. Entries of the engine's own environment are passed on byte for
// byte, whatever their encoding: they never become JavaScript strings.
class Environment {
 public:
  // unset: names, a `*` at the end stands for any ending. set: `NAME=value`, laid over the rest.
  Environment(bool clear, const std::vector<std::string>& unset, const std::vector<std::string>& set);

  char* const* Entries() const { return const_cast<char* const*>(entries_.data()); }

  // The value of a variable, or null.
  const char* Find(const char* name) const;

 private:
  std::vector<const char*> entries_;  // null-terminated; points into environ and into the caller's `set`
};

// Paths to try for a file: itself where it has a slash, else one for each directory of PATH (execvp(3)).
std::vector<std::string> ExecutableCandidates(const std::string& file, const char* path);

}  // namespace taskmaster
