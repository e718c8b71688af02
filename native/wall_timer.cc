#include "wall_timer.h"

#include <sys/timerfd.h>

#include <cerrno>
#include <cmath>

// Headers of older C libraries lack it.
#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#endif

namespace taskmaster {

Napi::Value OpenWallTimer(const Napi::CallbackInfo& info) {
  int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  return Napi::Number::New(info.Env(), fd < 0 ? -errno : fd);
}

Napi::Value SetWallTimer(const Napi::CallbackInfo& info) {
  double at = info[1].ToNumber().DoubleValue();
  itimerspec spec = {};
  spec.it_value.tv_sec = static_cast<time_t>(std::floor(at / 1000));
  // Zero would disarm it (timerfd_create(2)).
  spec.it_value.tv_nsec = static_cast<long>(std::fmod(at, 1000) * 1e6) + 1;
  int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  int result = timerfd_settime(info[0].ToNumber().Int32Value(), flags, &spec, nullptr);
  return Napi::Number::New(info.Env(), result == 0 ? 0 : errno);
}

}  // namespace taskmaster
