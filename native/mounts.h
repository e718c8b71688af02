#pragma once

#include <string>

namespace taskmaster {

// The mount point that an absolute path leads to, as far as its text tells: links are not followed. Asks no file
// system, so it cannot hang. Only for the main thread.
std::string MountOf(const std::string& path);

}  // namespace taskmaster
