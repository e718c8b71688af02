#pragma once

#include <napi.h>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "spawn_preparation.h"
#include "threads.h"

namespace taskmaster {

// A child on its way to its program.
struct SpawnTask {
  explicit SpawnTask(const Napi::Object& request) : prepared(request) {}

  Preparation prepared;
  // Written by the kernel before the child runs (clone(2), CLONE_PARENT_SETTID). 0: not yet; negative: an errno.
  volatile pid_t pid = 0;
  std::optional<Failure> failure;
  uint32_t id = 0;  // 0: the main thread stands still for it
  bool has_begun = false;
  // It has executed its program, or has ended; in either case its number may be another's soon.
  bool has_returned = false;
  bool is_done = false;
  // Nobody waits for its answer any more: its thread ends what there is of it.
  bool is_abandoned = false;
  // Only in the main thread.
  Napi::FunctionReference answer;
};

// Threads that each sleep in clone(2) with CLONE_VM and CLONE_VFORK until a child has executed its program. The child
// can be held up before that: by its user, who may stop it once it runs as that user, and by a disk that hangs, in
// chdir(2) or execve(2). Then its thread is held up, and not the engine. One thread is the usual number.
class Spawner : private ThreadPool {
 public:
  static Spawner* Of(Napi::Env env);

  // Waits, but not for long. True: it is done, and the caller's. False: it stays ours, and `answer` is called later.
  bool Do(std::unique_ptr<SpawnTask>& task, int patience_ms, Napi::Function answer);
  // Gives up a child that has no answer yet. Returns what it hung in; nothing, if its answer is on its way.
  std::optional<Failure> Abandon(uint32_t id, bool* was_stopped);
  // A dead child of this number is collected here.
  bool IsOurs(pid_t pid);

 private:
  struct Stack;

  explicit Spawner(Napi::Env env);
  void Work() override;
  void Execute(SpawnTask& task, const Stack& stack);
  void Settle(SpawnTask& task);
  bool IsRunnable(const SpawnTask& task) const;
  bool HasRunnable() const override;
  SpawnTask* TakeRunnable();
  bool WaitUntilDone(const SpawnTask& task, int patience_ms);
  void Remove(const SpawnTask* task);
  void BeginChild();
  void EndChild();
  void Finish() override;

  uint32_t last_id_ = 0;
  std::deque<SpawnTask*> queue_;
  std::deque<SpawnTask*> done_;
  // All whose answer has not been given.
  std::vector<SpawnTask*> tasks_;
  // Children that share our memory at this moment.
  int children_ = 0;
  bool was_dumpable_ = false;
};

Napi::Object FailureObject(Napi::Env env, const Failure& failure);
Napi::Object SpawnedObject(Napi::Env env, SpawnTask& task);

}  // namespace taskmaster
