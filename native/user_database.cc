#include "user_database.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file_workers.h"
#include "system_error.h"

namespace taskmaster {
namespace {

constexpr size_t kFirstBuffer = 4096;
constexpr size_t kLargestBuffer = 16 << 20;
constexpr int kLongestWaitMs = 2000;

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

// Null for none, or the errno's name. False: `found` has the entry.
bool IsAnswered(const Napi::CallbackInfo& info, FileWork work, NameEntry& found, Napi::Value& answer) {
  Napi::Env env = info.Env();
  auto task = std::make_unique<FileTask>();
  task->call.work = work;
  task->call.path = info[0].ToString().Utf8Value();
  task->lane = "names of users";
  if (!FileWorkers::Of(env)->Do(task, kLongestWaitMs)) answer = Napi::String::New(env, "ETIMEDOUT");
  else if (task->call.error.number != 0) answer = Napi::String::New(env, ErrnoName(task->call.error.number));
  else if (!task->call.name_entry.is_found) answer = env.Null();
  else found = std::move(task->call.name_entry);
  return !found.is_found;
}

}  // namespace

int FindUser(const std::string& word, NameEntry& entry) {
  std::vector<char> buffer;
  struct passwd user = {};
  struct passwd* found = nullptr;
  int failure = WithGrowingBuffer(buffer, &user, &found, [&](auto* e, char* b, size_t size, auto** f) {
    return getpwnam_r(word.c_str(), e, b, size, f);
  });
  std::optional<uint32_t> uid = AsId(word);
  if (failure == 0 && found == nullptr && uid) {
    failure = WithGrowingBuffer(buffer, &user, &found, [&](auto* e, char* b, size_t size, auto** f) {
      return getpwuid_r(*uid, e, b, size, f);
    });
  }
  if (failure != 0 || found == nullptr) return failure;
  entry.is_found = true;
  entry.name = found->pw_name;
  entry.home = found->pw_dir;
  entry.shell = found->pw_shell;
  entry.uid = found->pw_uid;
  entry.gid = found->pw_gid;
  for (gid_t group : GroupsOf(*found)) entry.groups.push_back(group);
  return 0;
}

int FindGroup(const std::string& word, NameEntry& entry) {
  std::vector<char> buffer;
  struct group group = {};
  struct group* found = nullptr;
  int failure = WithGrowingBuffer(buffer, &group, &found, [&](auto* e, char* b, size_t size, auto** f) {
    return getgrnam_r(word.c_str(), e, b, size, f);
  });
  std::optional<uint32_t> gid = AsId(word);
  if (failure == 0 && found == nullptr && gid) {
    failure = WithGrowingBuffer(buffer, &group, &found, [&](auto* e, char* b, size_t size, auto** f) {
      return getgrgid_r(*gid, e, b, size, f);
    });
  }
  if (failure != 0 || found == nullptr) return failure;
  entry.is_found = true;
  entry.gid = found->gr_gid;
  return 0;
}

Napi::Value LookUpUser(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  NameEntry user;
  Napi::Value answer;
  if (IsAnswered(info, FileWork::kFindUser, user, answer)) return answer;
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", user.name);
  result.Set("uid", Napi::Number::New(env, user.uid));
  result.Set("gid", Napi::Number::New(env, user.gid));
  result.Set("home", user.home);
  result.Set("shell", user.shell);
  Napi::Array groups = Napi::Array::New(env, user.groups.size());
  for (size_t index = 0; index < user.groups.size(); ++index)
    groups.Set(static_cast<uint32_t>(index), Napi::Number::New(env, user.groups[index]));
  result.Set("groups", groups);
  return result;
}

Napi::Value LookUpGroup(const Napi::CallbackInfo& info) {
  NameEntry group;
  Napi::Value answer;
  if (IsAnswered(info, FileWork::kFindGroup, group, answer)) return answer;
  return Napi::Number::New(info.Env(), group.gid);
}

}  // namespace taskmaster
