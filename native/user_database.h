#pragma once

#include <napi.h>

#include <string>
#include <vector>

namespace taskmaster {

// An entry of the system's users, or with its id only, of its groups.
struct NameEntry {
  bool is_found = false;
  std::string name, home, shell;
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;
};

// By name or number. Returns 0, or an errno. They read files, and may ask a server: each of them may hang.
int FindUser(const std::string& word, NameEntry& entry);
int FindGroup(const std::string& word, NameEntry& entry);

// lookUpUser(nameOrUid), lookUpGroup(nameOrGid): the entry, null for none, or the errno's name. They wait for no more
// than a moment (ETIMEDOUT).
Napi::Value LookUpUser(const Napi::CallbackInfo& info);
Napi::Value LookUpGroup(const Napi::CallbackInfo& info);

}  // namespace taskmaster
