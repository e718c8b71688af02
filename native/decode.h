#pragma once

#include <napi.h>

#include <string>
#include <vector>

namespace taskmaster {

// Reads the fields of a request object. Types were checked by TypeScript; a wrong one gives a default, not a crash.

inline bool IsGiven(const Napi::Object& request, const char* name) { return !request.Get(name).IsUndefined(); }

inline std::string TextField(const Napi::Object& request, const char* name) {
  return request.Get(name).ToString().Utf8Value();
}

inline int32_t IntField(const Napi::Object& request, const char* name) {
  return request.Get(name).ToNumber().Int32Value();
}

inline bool BoolField(const Napi::Object& request, const char* name) {
  return request.Get(name).ToBoolean().Value();
}

inline std::vector<std::string> TextListField(const Napi::Object& request, const char* name) {
  std::vector<std::string> texts;
  Napi::Value value = request.Get(name);
  if (!value.IsArray()) return texts;
  Napi::Array list = value.As<Napi::Array>();
  texts.reserve(list.Length());
  for (uint32_t index = 0; index < list.Length(); ++index) {
    texts.push_back(list.Get(index).ToString().Utf8Value());
  }
  return texts;
}

inline std::vector<double> DoubleListField(const Napi::Object& request, const char* name) {
  std::vector<double> numbers;
  Napi::Value value = request.Get(name);
  if (!value.IsArray()) return numbers;
  Napi::Array list = value.As<Napi::Array>();
  for (uint32_t index = 0; index < list.Length(); ++index) numbers.push_back(list.Get(index).ToNumber().DoubleValue());
  return numbers;
}

// JavaScript numbers are wide enough for every id and descriptor; -1 stays -1.
inline std::vector<int64_t> NumberListField(const Napi::Object& request, const char* name) {
  std::vector<int64_t> numbers;
  Napi::Value value = request.Get(name);
  if (!value.IsArray()) return numbers;
  Napi::Array list = value.As<Napi::Array>();
  numbers.reserve(list.Length());
  for (uint32_t index = 0; index < list.Length(); ++index) {
    numbers.push_back(list.Get(index).ToNumber().Int64Value());
  }
  return numbers;
}

}  // namespace taskmaster
