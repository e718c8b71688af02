#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "file_call.h"
#include "threads.h"

namespace taskmaster {

// A call on its way. Of two threads that know it, the last one to let go frees it.
struct FileTask {
  FileCall call;
  std::string lane;
  std::string group;  // empty: none
  // Only in the main thread: the callback, and what keeps buffers from the collector.
  Napi::ObjectReference held;
  bool is_awaited = false;  // somebody stands still for it
  bool is_done = false;
  bool is_abandoned = false;
};

// Threads for calls that may never come back: a disk or a network file system that hangs holds those that wait for
// it, and no other. Calls are put into lanes (a directory, a device), each of which may hold few threads. So may the
// group of all directories of one mount, and that of all host names. A thread is added where calls wait though their
// lane and group have room, and ends when there is nothing to do. Node's own pool has a fixed number of threads, and
// joins them when the process ends.
class FileWorkers : private ThreadPool {
 public:
  static FileWorkers* Of(Napi::Env env);

  // Waits for it, but not for long. False: it goes on by itself, and what it opens is closed.
  bool Do(std::unique_ptr<FileTask>& task, int limit_ms);
  // The callback is called in the main thread.
  void DoLater(std::unique_ptr<FileTask> task);

 private:
  struct Lane {
    int running = 0;
    int abandoned = 0;
    bool is_stuck = false;  // somebody has waited in vain for one of its calls to end, and none has since
  };

  explicit FileWorkers(Napi::Env env);
  void Work() override;
  void Close() override;
  void MarkStuck(const FileTask& task);
  void Abandon(std::unique_ptr<FileTask> task);
  bool IsStuck(const FileTask& task) const;
  bool HasRoom(const FileTask& task) const;
  FileTask* TakeRunnable();
  bool HasRunnable() const override;
  void Leave(const FileTask& task);
  static void LeaveOne(std::map<std::string, Lane>& lanes, const std::string& name, bool is_abandoned);
  void EnsureThread(bool is_urgent);
  void Finish() override;
  void Tick();

  uv_timer_t growth_;
  std::deque<FileTask*> queue_;
  std::deque<FileTask*> done_;
  std::map<std::string, Lane> lanes_;
  std::map<std::string, Lane> groups_;
};

}  // namespace taskmaster
