// SPDX-License-Identifier: Apache-2.0
#include "api/words.h"

#include <cinttypes>
#include <cstdio>

#include "core/raw_value.h"

namespace octet {
namespace api {

Words ListWords(const int64_t* values, int count) {
  Words words;
  // The longest number and the ending must always fit.
  constexpr size_t kReserve = 32;
  size_t used = 0;
  words.text[used++] = '[';
  for (int i = 0; i < count; ++i) {
    if (used + kReserve > sizeof(words.text)) {
      used += static_cast<size_t>(std::snprintf(words.text + used, sizeof(words.text) - used, ", ..."));
      break;
    }
    used += static_cast<size_t>(
        std::snprintf(words.text + used, sizeof(words.text) - used, i == 0 ? "%" PRId64 : ", %" PRId64, values[i]));
  }
  words.text[used++] = ']';
  words.text[used] = '\0';
  return words;
}

const char* TypeWords(ElementType type) {
  switch (type) {
    case ElementType::kF32:
      return "f32";
    case ElementType::kF16:
      return "f16";
    case ElementType::kBF16:
      return "bf16";
    case ElementType::kS8:
      return "s8";
    case ElementType::kU8:
      return "u8";
    case ElementType::kS32:
      return "s32";
    case ElementType::kF64:
      return "f64";
    case ElementType::kS64:
      return "s64";
    case ElementType::kBool:
      return "bool";
  }
  return "unknown";
}

Words TypeWords(DLDataType type) {
  Words words;
  const char* prefix = nullptr;
  switch (type.code) {
    case kDLInt:
      prefix = "s";
      break;
    case kDLUInt:
      prefix = "u";
      break;
    case kDLFloat:
      prefix = "f";
      break;
    case kDLBfloat:
      prefix = "bf";
      break;
    case kDLBool:
      prefix = "bool";
      break;
    default:
      break;
  }
  if (prefix != nullptr && type.lanes == 1) {
    std::snprintf(words.text, sizeof(words.text), "%s%d", prefix, type.bits);
  } else {
    std::snprintf(words.text, sizeof(words.text), "{code %d, bits %d, lanes %d}", type.code, type.bits, type.lanes);
  }
  return words;
}

Words DeviceWords(DLDevice device) {
  Words words;
  // The value may be none that the enumeration names.
  const int kind = RawValue(device.device_type);
  if (kind == kDLCPU) {
    std::snprintf(words.text, sizeof(words.text), "cpu");
  } else if (kind == kDLCUDA) {
    std::snprintf(words.text, sizeof(words.text), "cuda:%d", static_cast<int>(device.device_id));
  } else {
    std::snprintf(words.text, sizeof(words.text), "device type %d", kind);
  }
  return words;
}

}  // namespace api
}  // namespace octet
