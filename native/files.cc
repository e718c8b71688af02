#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "decode.h"
#include "file_workers.h"
#include "mounts.h"
#include "system_error.h"

namespace taskmaster {
namespace {

struct NamedWork {
  std::string_view name;
  FileWork work;
};

constexpr NamedWork kWork[] = {
    {"append", FileWork::kAppend},
    {"read", FileWork::kRead},
    {"readWhole", FileWork::kReadWhole},
    {"overwrite", FileWork::kOverwrite},
    {"create", FileWork::kCreate},
    {"stat", FileWork::kStat},
    {"rename", FileWork::kRename},
    {"link", FileWork::kLink},
    {"unlink", FileWork::kUnlink},
    {"rmdir", FileWork::kRemoveDirectory},
    {"mkdir", FileWork::kMakeDirectory},
    {"mkdirs", FileWork::kMakeDirectories},
    {"list", FileWork::kList},
    {"folder", FileWork::kOpenDirectory},
    {"listen", FileWork::kListen},
    {"socketAccess", FileWork::kSocketAccess},
    {"readAt", FileWork::kReadAt},
    {"statFd", FileWork::kStatDescriptor},
    {"sync", FileWork::kSync},
    {"lock", FileWork::kLock},
    {"close", FileWork::kClose},
    {"host", FileWork::kLookUpHost},
};

int64_t NumberField(const Napi::Object& request, const char* name) {
  Napi::Value value = request.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : -1;
}

std::string TextOf(const Napi::Object& request, const char* name) {
  Napi::Value value = request.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

void AddBuffers(FileCall& call, const Napi::Value& value) {
  if (!value.IsArray()) return;
  Napi::Array list = value.As<Napi::Array>();
  for (uint32_t index = 0; index < list.Length(); ++index) {
    Napi::Value one = list.Get(index);
    if (!one.IsTypedArray()) continue;
    auto bytes = one.As<Napi::Uint8Array>();
    call.buffers.push_back({bytes.Data(), bytes.ByteLength()});
  }
}

// Names of one mount hang together, as do all host names. The root's hang with everything.
std::string GroupOf(const FileCall& call) {
  if (call.work == FileWork::kLookUpHost) return "hosts";
  std::string mount = MountOf(call.path);
  return mount == "/" ? "" : mount;
}

std::unique_ptr<FileTask> TaskOf(const Napi::Object& request) {
  auto task = std::make_unique<FileTask>();
  FileCall& call = task->call;
  std::string work = TextOf(request, "work");
  for (const NamedWork& known : kWork)
    if (known.name == work) call.work = known.work;
  task->lane = TextOf(request, "lane");
  call.descriptor = static_cast<int>(NumberField(request, "fd"));
  call.offset = NumberField(request, "offset");
  AddBuffers(call, request.Get("buffers"));
  if (call.descriptor >= 0) return task;
  call.path = TextOf(request, "path");
  task->group = GroupOf(call);
  call.to = TextOf(request, "to");
  call.prefix = TextOf(request, "prefix");
  call.text = TextOf(request, "text");
  call.limit = NumberField(request, "limit");
  call.is_tail = BoolField(request, "tail");
  call.mode = NumberField(request, "mode");
  call.uid = NumberField(request, "uid");
  call.gid = NumberField(request, "gid");
  call.user = NumberField(request, "user");
  call.device = NumberField(request, "dev");
  call.inode = NumberField(request, "ino");
  call.follow = BoolField(request, "follow");
  call.regular_only = BoolField(request, "regularOnly");
  call.lenient = BoolField(request, "lenient");
  call.refuse_foreign = BoolField(request, "refuseForeign");
  return task;
}

const char* KindOf(mode_t mode) {
  if (S_ISREG(mode)) return "regular";
  if (S_ISFIFO(mode)) return "pipe";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISSOCK(mode)) return "socket";
  if (S_ISLNK(mode)) return "link";
  return "other";
}

const char* ControlName(Control control) {
  if (control == Control::kOurs) return "ours";
  return control == Control::kShared ? "shared" : "foreign";
}

Napi::Value AnswerOf(Napi::Env env, const FileCall& call) {
  if (call.work == FileWork::kWrite && call.error.number == 0) return Napi::Number::New(env, static_cast<double>(call.count));
  Napi::Object answer = Napi::Object::New(env);
  auto number = [&](const char* name, double value) { answer.Set(name, Napi::Number::New(env, value)); };
  if (call.error.number != 0) {
    answer.Set("errno", call.work == FileWork::kLookUpHost ? "ENOTFOUND" : ErrnoName(call.error.number));
    number("number", call.error.number);
    answer.Set("why", call.error.why);
    answer.Set("at", call.error.at);
  }
  number("count", static_cast<double>(call.count));
  if (call.descriptor >= 0 && call.work != FileWork::kStatDescriptor) return answer;
  const struct stat& status = call.status;
  number("fd", call.opened);
  answer.Set("isMade", Napi::Boolean::New(env, call.is_made));
  answer.Set("kind", KindOf(status.st_mode));
  number("mode", status.st_mode & 07777);
  number("uid", status.st_uid);
  number("gid", status.st_gid);
  number("nlink", static_cast<double>(status.st_nlink));
  number("size", static_cast<double>(status.st_size));
  number("dev", static_cast<double>(status.st_dev));
  number("ino", static_cast<double>(InodeNumber(status)));
  number("mtimeMs", static_cast<double>(status.st_mtim.tv_sec) * 1000 + status.st_mtim.tv_nsec / 1'000'000);
  answer.Set("realPath", call.real_path);
  answer.Set("control", ControlName(call.control));
  number("directoryUid", call.directory_uid);
  number("directoryMode", call.directory_mode & 07777);
  answer.Set("mayWrite", Napi::Boolean::New(env, call.may_write));
  if (call.work == FileWork::kReadWhole) answer.Set("data", Napi::Buffer<char>::Copy(env, call.text.data(), call.text.size()));
  if (call.work != FileWork::kList && call.work != FileWork::kLookUpHost) return answer;
  Napi::Array names = Napi::Array::New(env, call.entries.size() * 2);
  for (size_t index = 0; index < call.entries.size(); ++index) {
    names.Set(static_cast<uint32_t>(2 * index), Napi::String::New(env, call.entries[index].name));
    names.Set(static_cast<uint32_t>(2 * index + 1), Napi::Boolean::New(env, call.entries[index].is_directory));
  }
  answer.Set("entries", names);
  return answer;
}

}  // namespace

Napi::Value FileNow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto task = TaskOf(info[0].As<Napi::Object>());
  if (!FileWorkers::Of(env)->Do(task, info[1].ToNumber().Int32Value())) return env.Null();
  return AnswerOf(env, task->call);
}

namespace {

Napi::Value Start(Napi::Env env, std::unique_ptr<FileTask> task, const Napi::Value& callback, const Napi::Value& buffers) {
  Napi::Array held = Napi::Array::New(env, 2);
  held.Set(0u, callback);
  held.Set(1u, buffers);
  task->held = Napi::Persistent(held.As<Napi::Object>());
  FileWorkers::Of(env)->DoLater(std::move(task));
  return env.Undefined();
}

}  // namespace

Napi::Value FileLater(const Napi::CallbackInfo& info) {
  auto request = info[0].As<Napi::Object>();
  return Start(info.Env(), TaskOf(request), info[1], request.Get("buffers"));
}

// The one that is called often: nothing is looked up by name.
Napi::Value WriteLater(const Napi::CallbackInfo& info) {
  auto task = std::make_unique<FileTask>();
  task->call.work = FileWork::kWrite;
  task->call.descriptor = info[0].ToNumber().Int32Value();
  task->lane = info[1].ToString().Utf8Value();
  AddBuffers(task->call, info[2]);
  return Start(info.Env(), std::move(task), info[3], info[2]);
}

void FileWorkers::Finish() {
  std::deque<FileTask*> finished;
  pthread_mutex_lock(&mutex_);
  finished.swap(done_);
  pthread_mutex_unlock(&mutex_);
  Napi::HandleScope scope(env_);
  for (FileTask* raw : finished) {
    std::unique_ptr<FileTask> task(raw);
    EndPending();
    auto callback = task->held.Value().Get(0u).As<Napi::Function>();
    callback.MakeCallback(env_.Global(), {AnswerOf(env_, task->call)}, context_);
  }
}

Napi::Value IsUnlinked(const Napi::CallbackInfo& info) {
  struct statx status = {};
  int fd = info[0].ToNumber().Int32Value();
  bool is_known = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK, &status) == 0;
  return Napi::Boolean::New(info.Env(), is_known && status.stx_nlink == 0);
}

Napi::Value ExitNow(const Napi::CallbackInfo& info) {
  syscall(SYS_exit_group, info[0].ToNumber().Int32Value());
  return info.Env().Undefined();
}

}  // namespace taskmaster
