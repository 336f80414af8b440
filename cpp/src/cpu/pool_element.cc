// SPDX-License-Identifier: Apache-2.0
#include "cpu/pool_element.h"

#include <cstring>

#include "numerics/half.h"

namespace octet {
namespace cpu {
namespace {

float ValueOf(float element) { return element; }
float ValueOf(Float16 element) { return numerics::Widen(element); }
float ValueOf(BFloat16 element) { return numerics::Widen(element); }
int ValueOf(int8_t element) { return element; }
int ValueOf(uint8_t element) { return element; }

void Narrow(float value, float* element) { *element = value; }
void Narrow(float value, Float16* element) { numerics::Narrow(value, element); }
void Narrow(float value, BFloat16* element) { numerics::Narrow(value, element); }
void Narrow(int value, int8_t* element) { *element = static_cast<int8_t>(value); }
void Narrow(int value, uint8_t* element) { *element = static_cast<uint8_t>(value); }

template <typename T>
T Least() {
  T least;
  Narrow(-numerics::Infinity(), &least);
  return least;
}
template <>
int8_t Least<int8_t>() {
  return INT8_MIN;
}
template <>
uint8_t Least<uint8_t>() {
  return 0;
}

/** Calls body(value, first of its row). */
template <typename T, typename Body>
void ForEachElement(const PoolWindow& window, const Body& body) {
  for (int64_t r = 0; r < window.rows; ++r) {
    const char* at = window.first + r * window.row_stride;
    for (int64_t c = 0; c < window.columns; ++c, at += window.column_stride) {
      T element;
      std::memcpy(&element, at, sizeof(T));
      body(ValueOf(element), c == 0);
    }
  }
}

template <typename T>
void StoreMax(const PoolWindow& window, char* out) {
  auto greatest = ValueOf(Least<T>());
  // The first of equal ones; a NaN is never left again.
  ForEachElement<T>(window, [&](auto value, bool) {
    if (value > greatest || value != value) greatest = value;
  });
  T element;
  Narrow(greatest, &element);
  std::memcpy(out, &element, sizeof(T));
}

template <typename T>
float Sum(const PoolWindow& window) {
  float total = 0.0f;
  float row = 0.0f;
  ForEachElement<T>(window, [&](auto value, bool first) {
    if (first) {
      total = total + row;
      row = 0.0f;
    }
    row = row + static_cast<float>(value);
  });
  return total + row;
}

}  // namespace

void StoreMaxOfElements(ElementType type, const PoolWindow& window, char* out) {
  switch (type) {
    case ElementType::kF16:
      return StoreMax<Float16>(window, out);
    case ElementType::kBF16:
      return StoreMax<BFloat16>(window, out);
    case ElementType::kS8:
      return StoreMax<int8_t>(window, out);
    case ElementType::kU8:
      return StoreMax<uint8_t>(window, out);
    default:
      return StoreMax<float>(window, out);
  }
}

float SumOfElements(ElementType type, const PoolWindow& window) {
  switch (type) {
    case ElementType::kF16:
      return Sum<Float16>(window);
    case ElementType::kBF16:
      return Sum<BFloat16>(window);
    case ElementType::kS8:
      return Sum<int8_t>(window);
    case ElementType::kU8:
      return Sum<uint8_t>(window);
    default:
      return Sum<float>(window);
  }
}

}  // namespace cpu
}  // namespace octet
