// The list of what the addon gives to JavaScript; src/system/native.ts types it.

#include <malloc.h>
#include <napi.h>

#include "family.h"
#include "files.h"
#include "landlock.h"
#include "listen_socket.h"
#include "reap.h"
#include "signals.h"
#include "spawn.h"
#include "place_watch.h"
#include "stream_sizes.h"
#include "unix_sockets.h"
#include "user_database.h"
#include "wall_timer.h"

namespace taskmaster {
namespace {

// What the C library keeps for later goes back to the kernel.
void TrimMemory(const Napi::CallbackInfo&) { malloc_trim(0); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("spawn", Napi::Function::New(env, Spawn, "spawn"));
  exports.Set("abandonSpawn", Napi::Function::New(env, AbandonSpawn, "abandonSpawn"));
  exports.Set("reap", Napi::Function::New(env, Reap, "reap"));
  exports.Set("hasChildren", Napi::Function::New(env, HasChildren, "hasChildren"));
  exports.Set("becomeSubreaper", Napi::Function::New(env, BecomeSubreaper, "becomeSubreaper"));
  exports.Set("readMark", Napi::Function::New(env, ReadMark, "readMark"));
  exports.Set("markSelf", Napi::Function::New(env, MarkSelf, "markSelf"));
  exports.Set("sealDescriptors", Napi::Function::New(env, SealDescriptors, "sealDescriptors"));
  exports.Set("kill", Napi::Function::New(env, Kill, "kill"));
  exports.Set("watchSignals", Napi::Function::New(env, WatchSignals, "watchSignals"));
  exports.Set("ignoreSignals", Napi::Function::New(env, IgnoreSignals, "ignoreSignals"));
  exports.Set("releaseSignals", Napi::Function::New(env, ReleaseSignals, "releaseSignals"));
  exports.Set("lookUpUser", Napi::Function::New(env, LookUpUser, "lookUpUser"));
  exports.Set("lookUpGroup", Napi::Function::New(env, LookUpGroup, "lookUpGroup"));
  exports.Set("resizeTerminal", Napi::Function::New(env, ResizeTerminal, "resizeTerminal"));
  exports.Set("peerCredentials", Napi::Function::New(env, PeerCredentials, "peerCredentials"));
  exports.Set("acceptMore", Napi::Function::New(env, AcceptMore, "acceptMore"));
  exports.Set("refuseDescriptors", Napi::Function::New(env, RefuseDescriptors, "refuseDescriptors"));
  exports.Set("openNotifySocket", Napi::Function::New(env, OpenNotifySocket, "openNotifySocket"));
  exports.Set("receiveNotification", Napi::Function::New(env, ReceiveNotification, "receiveNotification"));
  exports.Set("watchReadable", Napi::Function::New(env, WatchReadable, "watchReadable"));
  exports.Set("openWallTimer", Napi::Function::New(env, OpenWallTimer, "openWallTimer"));
  exports.Set("setWallTimer", Napi::Function::New(env, SetWallTimer, "setWallTimer"));
  exports.Set("resizePipe", Napi::Function::New(env, ResizePipe, "resizePipe"));
  exports.Set("isTerminal", Napi::Function::New(env, IsTerminal, "isTerminal"));
  exports.Set("trimMemory", Napi::Function::New(env, TrimMemory, "trimMemory"));
  exports.Set("unreadBytes", Napi::Function::New(env, UnreadBytes, "unreadBytes"));
  exports.Set("fileNow", Napi::Function::New(env, FileNow, "fileNow"));
  exports.Set("fileLater", Napi::Function::New(env, FileLater, "fileLater"));
  exports.Set("writeLater", Napi::Function::New(env, WriteLater, "writeLater"));
  exports.Set("listenInet", Napi::Function::New(env, ListenInet, "listenInet"));
  exports.Set("openPlaceWatch", Napi::Function::New(env, OpenPlaceWatch, "openPlaceWatch"));
  exports.Set("openSocketWatch", Napi::Function::New(env, OpenSocketWatch, "openSocketWatch"));
  exports.Set("readSocketWatch", Napi::Function::New(env, ReadSocketWatch, "readSocketWatch"));
  exports.Set("landlockVersion", Napi::Function::New(env, LandlockVersion, "landlockVersion"));
  exports.Set("isUnlinked", Napi::Function::New(env, IsUnlinked, "isUnlinked"));
  exports.Set("exitNow", Napi::Function::New(env, ExitNow, "exitNow"));
  return exports;
}

NODE_API_MODULE(taskmaster, Init)

}  // namespace
}  // namespace taskmaster
