#include "mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <vector>

namespace taskmaster {
namespace {

// `\040` is a blank (proc_pid_mountinfo(5)).
std::string Unescape(const std::string& text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 3 >= text.size()) {
      plain += text[at];
      continue;
    }
    plain += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
    at += 3;
  }
  return plain;
}

// The fifth word of each line.
std::vector<std::string> MountPoints(const std::string& lines) {
  std::vector<std::string> points;
  int word = 0;
  std::string point;
  for (char letter : lines) {
    if (letter == '\n') {
      if (!point.empty()) points.push_back(Unescape(point));
      point.clear();
      word = 0;
    } else if (letter == ' ') {
      ++word;
    } else if (word == 4) {
      point += letter;
    }
  }
  return points;
}

std::string ReadFromStart(int file) {
  std::string text;
  char piece[4096];
  ssize_t count;
  if (lseek(file, 0, SEEK_SET) != 0) return text;
  while ((count = read(file, piece, sizeof piece)) > 0) text.append(piece, count);
  return text;
}

// The kernel tells by poll(2) that something was mounted or unmounted since the list was read.
const std::vector<std::string>& Mounts() {
  static const int list = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  static auto* const points = new std::vector<std::string>;
  pollfd changed = {list, POLLPRI, 0};
  bool is_changed = list >= 0 && poll(&changed, 1, 0) > 0;
  if (list >= 0 && (points->empty() || is_changed)) *points = MountPoints(ReadFromStart(list));
  return *points;
}

bool IsWithin(const std::string& path, const std::string& point) {
  return path.compare(0, point.size(), point) == 0 && (path.size() == point.size() || path[point.size()] == '/');
}

}  // namespace

std::string MountOf(const std::string& path) {
  std::string longest = "/";
  for (const std::string& point : Mounts())
    if (point.size() > longest.size() && IsWithin(path, point)) longest = point;
  return longest;
}

}  // namespace taskmaster
