// The list of what the addon gives to JavaScript; src/system/native.ts types it.

#include <napi.h>

#include "family.h"
#include "peer_credentials.h"
#include "reap.h"
#include "signals.h"
#include "spawn.h"
#include "stream_sizes.h"
#include "user_database.h"

namespace taskmaster {
namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("spawn", Napi::Function::New(env, Spawn, "spawn"));
  exports.Set("reap", Napi::Function::New(env, Reap, "reap"));
  exports.Set("hasChildren", Napi::Function::New(env, HasChildren, "hasChildren"));
  exports.Set("becomeSubreaper", Napi::Function::New(env, BecomeSubreaper, "becomeSubreaper"));
  exports.Set("readMark", Napi::Function::New(env, ReadMark, "readMark"));
  exports.Set("markSelf", Napi::Function::New(env, MarkSelf, "markSelf"));
  exports.Set("sealDescriptors", Napi::Function::New(env, SealDescriptors, "sealDescriptors"));
  exports.Set("kill", Napi::Function::New(env, Kill, "kill"));
  exports.Set("watchSignals", Napi::Function::New(env, WatchSignals, "watchSignals"));
  exports.Set("releaseSignals", Napi::Function::New(env, ReleaseSignals, "releaseSignals"));
  exports.Set("lookUpUser", Napi::Function::New(env, LookUpUser, "lookUpUser"));
  exports.Set("lookUpGroup", Napi::Function::New(env, LookUpGroup, "lookUpGroup"));
  exports.Set("resizeTerminal", Napi::Function::New(env, ResizeTerminal, "resizeTerminal"));
  exports.Set("peerCredentials", Napi::Function::New(env, PeerCredentials, "peerCredentials"));
  exports.Set("resizePipe", Napi::Function::New(env, ResizePipe, "resizePipe"));
  exports.Set("unreadBytes", Napi::Function::New(env, UnreadBytes, "unreadBytes"));
  return exports;
}

NODE_API_MODULE(taskmaster, Init)

}  // namespace
}  // namespace taskmaster
