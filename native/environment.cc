#include "environment.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace taskmaster {
namespace {

// What execvp(3) and shells take where there is no PATH, with the administrator's directories.
constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr size_t kPidRoom = 24;

std::string_view NameOf(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool IsNamed(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [name](std::string_view pattern) {
    if (!pattern.empty() && pattern.back() == '*') return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return name == pattern;
  });
}

}  // namespace

Environment::Environment(bool clear, const std::vector<std::string>& unset, const std::vector<std::string>& set,
                         const std::vector<std::string>& pid_names) {
  pid_texts_.reserve(pid_names.size());
  for (const std::string& name : pid_names) {
    std::string& text = pid_texts_.emplace_back(name + "=" + std::string(kPidRoom, '\0'));
    pid_values_.push_back(text.data() + name.size() + 1);
  }
  pid_values_.push_back(nullptr);
  if (!clear) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      std::string_view name = NameOf(*entry);
      bool is_replaced = std::any_of(set.begin(), set.end(), [name](std::string_view own) { return NameOf(own) == name; });
      if (!is_replaced && !IsNamed(unset, name) && !IsNamed(pid_names, name)) entries_.push_back(*entry);
    }
  }
  for (const std::string& entry : set)
    if (!IsNamed(pid_names, NameOf(entry))) entries_.push_back(entry.c_str());
  for (const std::string& text : pid_texts_) entries_.push_back(text.c_str());
  entries_.push_back(nullptr);
}

const char* Environment::Find(const char* name) const {
  size_t length = strlen(name);
  for (const char* entry : entries_) {
    if (entry != nullptr && strncmp(entry, name, length) == 0 && entry[length] == '=') return entry + length + 1;
  }
  return nullptr;
}

std::vector<std::string> ExecutableCandidates(const std::string& file, const char* path) {
  if (file.find('/') != std::string::npos) return {file};
  std::vector<std::string> candidates;
  std::string_view rest = path == nullptr ? kDefaultPath : path;
  for (;;) {
    size_t colon = rest.find(':');
    std::string_view directory = rest.substr(0, colon);
    // An empty entry of PATH is the working directory (execvp(3)).
    candidates.push_back(std::string(directory.empty() ? "." : directory) + "/" + file);
    if (colon == std::string_view::npos) return candidates;
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace taskmaster
