#include "reap.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "spawner.h"

namespace taskmaster {
namespace {

// The first dead child in the kernel's queue, left where it is; 0 where there is none.
pid_t Peek() {
  siginfo_t dead = {};
  while (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) != 0) {
    if (errno != EINTR) return 0;
  }
  return dead.si_pid;
}

}  // namespace

Napi::Value Reap(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Int32Array lent = info[0].As<Napi::Int32Array>();
  const int32_t* first_lent = lent.Data();
  const int32_t* last_lent = first_lent + lent.ElementLength();
  size_t most = info[1].ToNumber().Uint32Value();

  Spawner* spawner = Spawner::Of(env);
  std::vector<int32_t> collected;
  pid_t stopped_at = 0;
  while (collected.size() < 2 * most) {
    pid_t pid = Peek();
    if (pid == 0) break;
    if (std::find(first_lent, last_lent, pid) != last_lent) {
      // Node waits for this one itself: taking its status would leave it waiting for good.
      stopped_at = pid;
      break;
    }
    if (spawner->IsOurs(pid)) {
      // Nobody has heard of it yet: it is collected by the thread that started it, or known in a moment.
      stopped_at = pid;
      break;
    }
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid) break;
    collected.push_back(pid);
    collected.push_back(status);
  }

  Napi::Int32Array pairs = Napi::Int32Array::New(env, collected.size());
  std::copy(collected.begin(), collected.end(), pairs.Data());
  Napi::Object result = Napi::Object::New(env);
  result.Set("collected", pairs);
  result.Set("stoppedAt", Napi::Number::New(env, stopped_at));
  return result;
}

Napi::Value HasChildren(const Napi::CallbackInfo& info) {
  siginfo_t any = {};
  int answer = waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT);
  return Napi::Boolean::New(info.Env(), answer == 0 || errno != ECHILD);
}

Napi::Value BecomeSubreaper(const Napi::CallbackInfo& info) {
  int failure = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno;
  return Napi::Number::New(info.Env(), failure);
}

}  // namespace taskmaster
