#include "spawn.h"

#include <string.h>

#include "spawner.h"
#include "system_error.h"

namespace taskmaster {

Napi::Object FailureObject(Napi::Env env, const Failure& failure) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("step", failure.step);
  result.Set("errno", ErrnoName(failure.number));
  result.Set("message", "cannot " + failure.what + ": " + strerror(failure.number));
  return result;
}

Napi::Object SpawnedObject(Napi::Env env, SpawnTask& task) {
  std::vector<Stream>& streams = task.prepared.streams;
  Napi::Array fds = Napi::Array::New(env, streams.size());
  for (uint32_t index = 0; index < streams.size(); ++index) {
    fds.Set(index, Napi::Number::New(env, streams[index].ours.Release()));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("pid", Napi::Number::New(env, task.pid));
  result.Set("fds", fds);
  return result;
}

Napi::Value Spawn(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object request = info[0].As<Napi::Object>();
  auto task = std::make_unique<SpawnTask>(request);
  if (std::optional<Failure> failure = task->prepared.OpenDescriptors(request)) return FailureObject(env, *failure);
  int patience_ms = info[1].ToNumber().Int32Value();
  if (Spawner::Of(env)->Do(task, patience_ms, info[2].As<Napi::Function>())) {
    return task->failure ? FailureObject(env, *task->failure) : SpawnedObject(env, *task);
  }
  // Two threads know it from here on; its number is all that we need.
  SpawnTask* pending = task.release();
  Napi::Object result = Napi::Object::New(env);
  result.Set("pending", Napi::Number::New(env, pending->id));
  result.Set("doing", pending->prepared.Present().what);
  return result;
}

Napi::Value AbandonSpawn(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  bool was_stopped = false;
  std::optional<Failure> present = Spawner::Of(env)->Abandon(info[0].ToNumber().Uint32Value(), &was_stopped);
  if (!present) return env.Null();
  Napi::Object result = Napi::Object::New(env);
  result.Set("step", present->step);
  result.Set("doing", present->what);
  result.Set("wasStopped", Napi::Boolean::New(env, was_stopped));
  return result;
}

}  // namespace taskmaster
