#include "user_database.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "system_error.h"

namespace taskmaster {
namespace {

constexpr size_t kFirstBuffer = 4096;
constexpr size_t kLargestBuffer = 16 << 20;

// `none`: there is no such entry. Some C libraries say so by an errno (getpwnam_r(3)).
bool MeansNone(int failure) {
  return failure == 0 || failure == ENOENT || failure == ESRCH || failure == EBADF || failure == EPERM;
}

// Calls look_up with an ever larger buffer until the entry fits. Returns 0 with *found set or null, or an errno.
template <typename Entry, typename LookUp>
int WithGrowingBuffer(std::vector<char>& buffer, Entry* entry, Entry** found, LookUp look_up) {
  for (buffer.resize(kFirstBuffer);; buffer.resize(buffer.size() * 2)) {
    int failure = look_up(entry, buffer.data(), buffer.size(), found);
    if (failure == EINTR) continue;
    if (failure != ERANGE || buffer.size() >= kLargestBuffer) return MeansNone(failure) ? 0 : failure;
  }
}

// A name wins over a number: useradd(8) refuses names of digits only, but nothing enforces that. The largest id is
// no id: it means `leave it` to setresuid(2). One beyond it must not wrap round to root.
std::optional<uint32_t> AsId(const std::string& word) {
  if (word.empty() || word.size() > 10 || word.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  unsigned long long number = std::strtoull(word.c_str(), nullptr, 10);
  if (number >= UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(number);
}

std::vector<gid_t> GroupsOf(const struct passwd& user) {
  int count = 64;
  std::vector<gid_t> groups(count);
  while (getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) == -1) {
    groups.resize(std::max<size_t>(count, groups.size() * 2));
    count = static_cast<int>(groups.size());
  }
  groups.resize(count);
  return groups;
}

Napi::Value UserObject(Napi::Env env, const struct passwd& user) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", user.pw_name);
  result.Set("uid", Napi::Number::New(env, user.pw_uid));
  result.Set("gid", Napi::Number::New(env, user.pw_gid));
  result.Set("home", user.pw_dir);
  result.Set("shell", user.pw_shell);
  std::vector<gid_t> groups = GroupsOf(user);
  Napi::Array list = Napi::Array::New(env, groups.size());
  for (size_t index = 0; index < groups.size(); ++index) {
    list.Set(static_cast<uint32_t>(index), Napi::Number::New(env, groups[index]));
  }
  result.Set("groups", list);
  return result;
}

}  // namespace

Napi::Value LookUpUser(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string word = info[0].ToString().Utf8Value();
  std::vector<char> buffer;
  struct passwd entry = {};
  struct passwd* found = nullptr;
  int failure = WithGrowingBuffer(buffer, &entry, &found, [&](auto* e, char* b, size_t size, auto** f) {
    return getpwnam_r(word.c_str(), e, b, size, f);
  });
  std::optional<uint32_t> uid = AsId(word);
  if (failure == 0 && found == nullptr && uid) {
    failure = WithGrowingBuffer(buffer, &entry, &found, [&](auto* e, char* b, size_t size, auto** f) {
      return getpwuid_r(*uid, e, b, size, f);
    });
  }
  if (failure != 0) return Napi::String::New(env, ErrnoName(failure));
  if (found == nullptr) return env.Null();
  return UserObject(env, *found);
}

Napi::Value LookUpGroup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string word = info[0].ToString().Utf8Value();
  std::vector<char> buffer;
  struct group entry = {};
  struct group* found = nullptr;
  int failure = WithGrowingBuffer(buffer, &entry, &found, [&](auto* e, char* b, size_t size, auto** f) {
    return getgrnam_r(word.c_str(), e, b, size, f);
  });
  std::optional<uint32_t> gid = AsId(word);
  if (failure == 0 && found == nullptr && gid) {
    failure = WithGrowingBuffer(buffer, &entry, &found, [&](auto* e, char* b, size_t size, auto** f) {
      return getgrgid_r(*gid, e, b, size, f);
    });
  }
  if (failure != 0) return Napi::String::New(env, ErrnoName(failure));
  if (found == nullptr) return env.Null();
  return Napi::Number::New(env, found->gr_gid);
}

}  // namespace taskmaster
