#pragma once

#include <string.h>

namespace taskmaster {

// ENOENT for 2: strerrorname_np is newer than the oldest C library we run on, and names are stable where words
// are not. UNKNOWN for what the list lacks.
const char* ErrnoName(int number);

}  // namespace taskmaster
