#include "trim_memory.h"

#include <malloc.h>

namespace taskmaster {

Napi::Value TrimMemory(const Napi::CallbackInfo& info) {
  malloc_trim(0);
  return info.Env().Undefined();
}

}  // namespace taskmaster
