#pragma once

#include <napi.h>

namespace taskmaster {

// lookUpUser(nameOrUid), lookUpGroup(nameOrGid): the entry, null for none, or the errno's name.
Napi::Value LookUpUser(const Napi::CallbackInfo& info);
Napi::Value LookUpGroup(const Napi::CallbackInfo& info);

}  // namespace taskmaster
