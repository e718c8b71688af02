#include "spawner.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace taskmaster {
namespace {

constexpr int kMaxThreads = 64;
// The others are for children that have nothing in common with those that are held up.
constexpr int kMaxHeldUp = 32;

// Starts the child and sleeps until it has executed the program or failed. Returns its pid, or -errno.
pid_t CloneAndExec(ChildPlan& plan, char* top_of_stack, volatile pid_t* child) {
  // A handler of libuv's must not run in the child: it would write into a pipe that both share. All of them, the
  // C library's internal ones too, hence the system call.
  uint64_t all = ~uint64_t{0};
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
  pid_t pid = clone(SetUpChild, top_of_stack, flags, &plan, const_cast<pid_t*>(child));
  int failure = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
  return pid < 0 ? -failure : pid;
}

void Collect(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// By a signal (proc_pid_stat(5)).
bool IsStopped(pid_t pid) {
  char path[32], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[std::max<ssize_t>(size, 0)] = '\0';
  const char* name_end = strrchr(text, ')');
  return name_end != nullptr && strlen(name_end) > 2 && (name_end[2] == 'T' || name_end[2] == 't');
}

}  // namespace

// Of the child, with a page below it that cannot be touched: it must not grow into what it shares with us.
struct Spawner::Stack {
  static constexpr size_t kBytes = 64 * 1024;

  Stack() : guard(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    void* memory = mmap(nullptr, guard + kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    start = static_cast<char*>(memory);
    if (mprotect(start + guard, kBytes, PROT_READ | PROT_WRITE) == 0) top = start + guard + kBytes;
  }
  ~Stack() {
    if (start != nullptr) munmap(start, guard + kBytes);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  size_t guard;
  char* start = nullptr;
  char* top = nullptr;  // null: there is no memory for it
};

Spawner* Spawner::Of(Napi::Env env) {
  static Spawner* const spawner = new Spawner(env);
  return spawner;
}

Spawner::Spawner(Napi::Env env) : ThreadPool(env, "taskmaster.spawn", kMaxThreads) {}

void Spawner::Work() {
  Stack stack;
  bool must_stay = false;
  for (;;) {
    SpawnTask* task = TakeRunnable();
    if (task == nullptr) {
      if (AwaitWork(must_stay)) continue;
      return;
    }
    must_stay |= task->prepared.plan.parent_death_signal != 0;
    Execute(*task, stack);
    Settle(*task);
    if (!queue_.empty()) pthread_cond_signal(&work_);
  }
}

// With half of the threads in use, what may hang in the same way as those before it waits for them.
bool Spawner::IsRunnable(const SpawnTask& task) const {
  auto is_held_up = [](const SpawnTask* other) { return other->has_begun && other->id != 0 && !other->is_done; };
  if (std::count_if(tasks_.begin(), tasks_.end(), is_held_up) < kMaxHeldUp) return true;
  return std::none_of(tasks_.begin(), tasks_.end(), [&](const SpawnTask* other) {
    return is_held_up(other) && task.prepared.MayHangAs(other->prepared);
  });
}

bool Spawner::HasRunnable() const {
  return std::any_of(queue_.begin(), queue_.end(), [this](const SpawnTask* task) { return IsRunnable(*task); });
}

SpawnTask* Spawner::TakeRunnable() {
  auto at = std::find_if(queue_.begin(), queue_.end(), [this](const SpawnTask* task) { return IsRunnable(*task); });
  if (at == queue_.end()) return nullptr;
  SpawnTask* task = *at;
  queue_.erase(at);
  return task;
}

// With the lock held, which is given back while the child is on its way.
void Spawner::Execute(SpawnTask& task, const Stack& stack) {
  task.has_begun = true;
  if (stack.top == nullptr) {
    task.failure = Failure{"fork", ENOMEM, "fork"};
    return;
  }
  ChildPlan& plan = task.prepared.plan;
  BeginChild();
  pthread_mutex_unlock(&mutex_);
  pid_t pid = CloneAndExec(plan, stack.top, &task.pid);
  pthread_mutex_lock(&mutex_);
  EndChild();
  task.has_returned = true;
  bool is_unwanted = task.is_abandoned && pid > 0;
  pthread_mutex_unlock(&mutex_);
  if (pid < 0) {
    task.failure = Failure{"fork", -pid, "fork"};
  } else if (plan.failed_errno != 0) {
    // Collected here, at once: nobody else ever hears of this child.
    Collect(pid);
    task.failure = task.prepared.Explain();
  } else if (is_unwanted) {
    // Dead before its program began, or its program is stopped as soon as it begins.
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    Collect(pid);
  }
  pthread_mutex_lock(&mutex_);
}

void Spawner::Settle(SpawnTask& task) {
  task.is_done = true;
  if (task.is_abandoned) {
    Remove(&task);
    pthread_mutex_unlock(&mutex_);
    delete &task;
    pthread_mutex_lock(&mutex_);
  } else if (task.id == 0) {
    pthread_cond_broadcast(&answered_);
  } else {
    done_.push_back(&task);
    Wake();
  }
}

// A child that has changed its user takes this from the memory it shares with us (prctl(2), PR_SET_DUMPABLE): then our
// own files in /proc would be root's, and no core be dumped. But as long as any child shares our memory, this is what
// keeps its user from tracing it, and from writing there.
void Spawner::BeginChild() {
  if (children_++ == 0) was_dumpable_ = prctl(PR_GET_DUMPABLE) == 1;
}

void Spawner::EndChild() {
  if (--children_ == 0 && was_dumpable_) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

bool Spawner::Do(std::unique_ptr<SpawnTask>& task, int patience_ms, Napi::Function answer) {
  Lock lock(&mutex_);
  tasks_.push_back(task.get());
  bool is_runnable = IsRunnable(*task);
  auto is_other_runnable = [this](const SpawnTask* other) { return IsRunnable(*other); };
  if (is_runnable && idle_ <= std::count_if(queue_.begin(), queue_.end(), is_other_runnable)) AddThread();
  if (threads_ == 0) {
    // No thread is to be had: then as long as it takes.
    Execute(*task, Stack());
    Remove(task.get());
    return true;
  }
  queue_.push_back(task.get());
  pthread_cond_signal(&work_);
  if (is_runnable && WaitUntilDone(*task, patience_ms)) {
    Remove(task.get());
    return true;
  }
  task->answer = Napi::Persistent(answer);
  task->id = ++last_id_;
  BeginPending();
  return false;
}

// A child is on its way for a millisecond or less. While others are held up there is less patience: a hundred processes
// on a disk that hangs would take it a hundred times otherwise.
bool Spawner::WaitUntilDone(const SpawnTask& task, int patience_ms) {
  auto is_held_up = [](const SpawnTask* other) { return other->id != 0 && !other->is_done; };
  auto held_up = std::count_if(tasks_.begin(), tasks_.end(), is_held_up);
  timespec until = After(patience_ms >> std::min<long>(held_up, 6));
  while (!task.is_done) {
    if (pthread_cond_timedwait(&answered_, &mutex_, &until) == ETIMEDOUT) break;
  }
  return task.is_done;
}

std::optional<Failure> Spawner::Abandon(uint32_t id, bool* was_stopped) {
  Lock lock(&mutex_);
  auto at = std::find_if(tasks_.begin(), tasks_.end(), [id](const SpawnTask* task) { return task->id == id; });
  if (at == tasks_.end() || (*at)->has_returned || (*at)->is_done || (*at)->is_abandoned) return std::nullopt;
  SpawnTask* task = *at;
  Failure present = task->has_begun ? task->prepared.Present() : Failure{"fork", 0, "fork: too many others are held up"};
  EndPending();
  task->answer.Reset();
  if (!task->has_begun) {
    queue_.erase(std::find(queue_.begin(), queue_.end(), task));
    Remove(task);
    delete task;
    return present;
  }
  task->is_abandoned = true;
  task->prepared.plan.is_given_up = true;
  // Either the child sees that, or we see its number.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (task->pid > 0) {
    *was_stopped = IsStopped(task->pid);
    kill(task->pid, SIGKILL);
  }
  return present;
}

bool Spawner::IsOurs(pid_t pid) {
  Lock lock(&mutex_);
  return std::any_of(tasks_.begin(), tasks_.end(), [pid](const SpawnTask* task) { return task->pid == pid; });
}

void Spawner::Remove(const SpawnTask* task) { tasks_.erase(std::find(tasks_.begin(), tasks_.end(), task)); }

void Spawner::Finish() {
  for (;;) {
    std::unique_ptr<SpawnTask> task;
    {
      Lock lock(&mutex_);
      if (done_.empty()) return;
      task.reset(done_.front());
      done_.pop_front();
      Remove(task.get());
      EndPending();
    }
    Napi::HandleScope scope(env_);
    Napi::Object result = task->failure ? FailureObject(env_, *task->failure) : SpawnedObject(env_, *task);
    task->answer.MakeCallback(env_.Global(), {result}, context_);
  }
}

}  // namespace taskmaster
