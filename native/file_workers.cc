#include "file_workers.h"

#include <unistd.h>

#include <cerrno>

namespace taskmaster {
namespace {

constexpr int kMostThreads = 48;
// Of one directory; of one device, where they work on files that are open.
constexpr int kMostInDirectory = 2;
constexpr int kMostOnDevice = 8;
// Of all directories of one mount; of all look-ups of hosts.
constexpr int kMostInGroup = 8;
// So many calls of a group were waited for in vain and still have no answer: nobody waits for another one.
constexpr int kHangs = 4;
constexpr int kGrowthMs = 20;

}  // namespace

FileWorkers* FileWorkers::Of(Napi::Env env) {
  static FileWorkers* const workers = new FileWorkers(env);
  return workers;
}

FileWorkers::FileWorkers(Napi::Env env) : ThreadPool(env, "taskmaster.file", kMostThreads) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  growth_.data = this;
  uv_timer_init(loop, &growth_);
  uv_unref(reinterpret_cast<uv_handle_t*>(&growth_));
}

void FileWorkers::Close() { uv_close(reinterpret_cast<uv_handle_t*>(&growth_), nullptr); }

bool FileWorkers::HasRoom(const FileTask& task) const {
  auto group = groups_.find(task.group);
  if (!task.group.empty() && group != groups_.end() && group->second.running >= kMostInGroup) return false;
  auto lane = lanes_.find(task.lane);
  return lane == lanes_.end() || lane->second.running < (task.call.descriptor >= 0 ? kMostOnDevice : kMostInDirectory);
}

bool FileWorkers::HasRunnable() const {
  for (const FileTask* task : queue_)
    if (HasRoom(*task)) return true;
  return false;
}

FileTask* FileWorkers::TakeRunnable() {
  for (auto at = queue_.begin(); at != queue_.end(); ++at) {
    if (!HasRoom(**at)) continue;
    FileTask* task = *at;
    queue_.erase(at);
    ++lanes_[task->lane].running;
    if (!task->group.empty()) ++groups_[task->group].running;
    return task;
  }
  return nullptr;
}

void FileWorkers::Leave(const FileTask& task) {
  LeaveOne(lanes_, task.lane, task.is_abandoned);
  if (!task.group.empty()) LeaveOne(groups_, task.group, task.is_abandoned);
}

void FileWorkers::LeaveOne(std::map<std::string, Lane>& lanes, const std::string& name, bool is_abandoned) {
  auto lane = lanes.find(name);
  lane->second.is_stuck = false;
  if (is_abandoned) --lane->second.abandoned;
  if (--lane->second.running == 0) lanes.erase(lane);
}

void FileWorkers::Work() {
  for (;;) {
    FileTask* task = TakeRunnable();
    if (task == nullptr) {
      if (AwaitWork(false)) continue;
      return;
    }
    pthread_mutex_unlock(&mutex_);
    task->call.Run();
    pthread_mutex_lock(&mutex_);
    Leave(*task);
    if (!queue_.empty()) pthread_cond_signal(&work_);
    task->is_done = true;
    if (task->is_abandoned) {
      if (task->call.opened >= 0) close(task->call.opened);
      delete task;
    } else if (task->is_awaited) {
      pthread_cond_broadcast(&answered_);
    } else {
      done_.push_back(task);
      Wake();
    }
  }
}

// Two threads are enough for disks that answer; more only where calls are held up.
void FileWorkers::EnsureThread(bool is_urgent) {
  constexpr int kUsual = 2;
  bool is_taken = true;
  if (idle_ > 0) pthread_cond_signal(&work_);
  else is_taken = (threads_ < kUsual || is_urgent) && AddThread();
  // That thread takes the call that has waited longest, and may never come back for the others.
  if (is_taken && queue_.size() == 1) return;
  if (!is_closed_ && !uv_is_active(reinterpret_cast<uv_handle_t*>(&growth_)))
    uv_timer_start(
        &growth_, [](uv_timer_t* handle) { static_cast<FileWorkers*>(handle->data)->Tick(); }, kGrowthMs, 0);
}

void FileWorkers::Tick() {
  Lock lock(&mutex_);
  if (queue_.empty()) return;
  if (idle_ > 0) pthread_cond_signal(&work_);
  else if (HasRunnable()) AddThread();
  uv_timer_start(
      &growth_, [](uv_timer_t* handle) { static_cast<FileWorkers*>(handle->data)->Tick(); }, kGrowthMs, 0);
}

// Somebody has waited there in vain, and what was asked then still has no answer: no need to find out again.
bool FileWorkers::IsStuck(const FileTask& task) const {
  auto lane = lanes_.find(task.lane);
  if (lane != lanes_.end() && (lane->second.is_stuck || lane->second.abandoned > 0)) return true;
  auto group = groups_.find(task.group);
  return group != groups_.end() && (group->second.is_stuck || group->second.abandoned >= kHangs);
}

// It could not even begin: others hold all the threads that it may have.
void FileWorkers::MarkStuck(const FileTask& task) {
  auto lane = lanes_.find(task.lane);
  if (lane != lanes_.end() && lane->second.running >= kMostInDirectory) lane->second.is_stuck = true;
  auto group = groups_.find(task.group);
  if (group != groups_.end() && group->second.running >= kMostInGroup) group->second.is_stuck = true;
}

// It goes on by itself.
void FileWorkers::Abandon(std::unique_ptr<FileTask> task) {
  task->is_abandoned = true;
  ++lanes_[task->lane].abandoned;
  if (!task->group.empty()) ++groups_[task->group].abandoned;
  task.release();
}

bool FileWorkers::Do(std::unique_ptr<FileTask>& task, int limit_ms) {
  Lock lock(&mutex_);
  if (IsStuck(*task)) return false;
  task->is_awaited = true;
  queue_.push_front(task.get());
  EnsureThread(true);
  if (threads_ == 0) {
    queue_.pop_front();
    task->call.Run();
    return true;
  }
  timespec until = After(limit_ms);
  while (!task->is_done) {
    if (pthread_cond_timedwait(&answered_, &mutex_, &until) != ETIMEDOUT || task->is_done) continue;
    bool is_queued = false;
    for (auto at = queue_.begin(); at != queue_.end(); ++at) {
      if (*at != task.get()) continue;
      queue_.erase(at);
      is_queued = true;
      break;
    }
    if (is_queued) MarkStuck(*task);
    else Abandon(std::move(task));
    return false;
  }
  return true;
}

void FileWorkers::DoLater(std::unique_ptr<FileTask> task) {
  BeginPending();
  Lock lock(&mutex_);
  queue_.push_back(task.release());
  EnsureThread(false);
  if (threads_ > 0) return;
  // No thread is to be had at all: done here and now, as far as it can be.
  while (FileTask* next = TakeRunnable()) {
    next->call.Run();
    Leave(*next);
    done_.push_back(next);
  }
  Wake();
}

}  // namespace taskmaster
