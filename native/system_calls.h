#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

namespace taskmaster {

// The filter of seccomp = "default" (seccomp(2)): these calls fail, all others are allowed.
std::vector<sock_filter> DefaultFilter();

// Runs in the child, with no_new_privs set. False: errno says why.
bool FilterSystemCalls(const sock_fprog& program);

}  // namespace taskmaster
