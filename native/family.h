#pragma once

#include <napi.h>

namespace taskmaster {

// The mark of a process (ChildPlan::mark): the soft limit of its file locks. 0 where it has none, -1 where we may
// not ask.
Napi::Value ReadMark(const Napi::CallbackInfo& info);

// Marks this process itself, for the children it starts until it is given its former limit back by 0.
Napi::Value MarkSelf(const Napi::CallbackInfo& info);

// Everything but the standard streams is closed by an exec from now on: descriptors that were open when we began
// would otherwise go on to every child of Node's.
Napi::Value SealDescriptors(const Napi::CallbackInfo& info);

}  // namespace taskmaster
