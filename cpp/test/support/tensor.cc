// SPDX-License-Identifier: Apache-2.0
#include "support/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/amx_model.h"

namespace octet {
namespace test {
namespace {

constexpr uint8_t kFiller = 0xa5;
constexpr int64_t kMargin = 64;

bool SameType(DLDataType a, DLDataType b) { return a.code == b.code && a.bits == b.bits; }

/** A float format by its parameters, in double arithmetic: another way than the library's. */
struct Format {
  int fraction_bits;
  int least_exponent;
  double greatest;
};

constexpr Format kHalf = {10, -14, 65504.0};
const Format kBrain = {7, -126, std::ldexp(255.0, 120)};

double RoundTo(const Format& format, double value) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), format.least_exponent);
  const double unit = std::ldexp(1.0, exponent - format.fraction_bits);
  const double rounded = std::nearbyint(value / unit) * unit;
  return std::abs(rounded) > format.greatest ? std::copysign(std::numeric_limits<double>::infinity(), value) : rounded;
}

uint16_t Encode(const Format& format, double value) {
  const int exponent_bits = 15 - format.fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const auto infinity = static_cast<uint16_t>(((1 << exponent_bits) - 1) << format.fraction_bits);
  if (std::isnan(value)) return static_cast<uint16_t>(infinity | (1 << (format.fraction_bits - 1)));
  const double magnitude = std::abs(RoundTo(format, value));
  if (std::isinf(magnitude)) return static_cast<uint16_t>(sign | infinity);
  if (magnitude < std::ldexp(1.0, format.least_exponent)) {
    return static_cast<uint16_t>(sign |
                                 static_cast<int>(std::ldexp(magnitude, format.fraction_bits - format.least_exponent)));
  }
  const int exponent = std::ilogb(magnitude);
  const int fraction =
      static_cast<int>(std::ldexp(magnitude, format.fraction_bits - exponent)) - (1 << format.fraction_bits);
  return static_cast<uint16_t>(sign | ((exponent + bias) << format.fraction_bits) | fraction);
}

double Decode(const Format& format, uint16_t bits) {
  const int exponent_bits = 15 - format.fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> format.fraction_bits) & ((1 << exponent_bits) - 1);
  const int fraction = bits & ((1 << format.fraction_bits) - 1);
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, format.least_exponent - format.fraction_bits);
  return sign * std::ldexp(1.0 + std::ldexp(fraction, -format.fraction_bits), exponent - bias);
}

Placement PlacementOf(Layout layout, size_t ndim, int64_t item_size) {
  Placement placement;
  for (size_t i = 0; i < ndim; ++i) {
    Placement::Dim dim;
    dim.axis = static_cast<int>(layout == Layout::kTransposed ? i : ndim - 1 - i);
    dim.gap = layout == Layout::kGaps && i == 0 ? 2 : 0;
    dim.reversed = layout == Layout::kReversed;
    dim.repeated = layout == Layout::kExpanded && dim.axis == 0;
    placement.dims.push_back(dim);
  }
  placement.shift = layout == Layout::kMisaligned ? 1 : layout == Layout::kShifted ? item_size : 0;
  return placement;
}

}  // namespace

std::string TypeName(DLDataType type) {
  const char* prefix = type.code == kDLFloat ? "f" : type.code == kDLBfloat ? "bf" : type.code == kDLInt ? "s" : "u";
  return prefix + std::to_string(type.bits);
}

Tensor::Tensor(DLDataType type, std::vector<int64_t> shape, Layout layout)
    : Tensor(type, shape, PlacementOf(layout, shape.size(), type.bits / 8)) {}

Tensor::Tensor(DLDataType type, std::vector<int64_t> shape, const Placement& placement)
    : shape_(std::move(shape)), strides_(shape_.size()), item_size_(type.bits / 8) {
  int64_t step = 1;
  int64_t first = 0;
  int64_t last = 0;
  for (const Placement::Dim& dim : placement.dims) {
    const auto d = static_cast<size_t>(dim.axis);
    count_ *= shape_[d];
    if (dim.repeated) continue;
    step += dim.gap;
    const int64_t reach = step * std::max<int64_t>(shape_[d] - 1, 0);
    strides_[d] = dim.reversed ? -step : step;
    (dim.reversed ? first : last) += reach;
    if (!dim.overlaps) step *= std::max<int64_t>(shape_[d], 1);
  }
  start_ = placement.margin + placement.shift + first * item_size_;
  const int64_t bytes = count_ == 0 ? 0 : (first + last + 1) * item_size_;
  memory_.assign(static_cast<size_t>(bytes + placement.shift + 2 * placement.margin), kFiller);
  const bool gaps = std::any_of(placement.dims.begin(), placement.dims.end(),
                                [](const Placement::Dim& dim) { return dim.repeated || dim.overlaps || dim.gap > 0; });
  int64_t compact = 1;
  bare_ = placement.bare;
  for (size_t d = shape_.size(); d-- > 0; compact *= shape_[d]) bare_ = bare_ && strides_[d] == compact;
  for (size_t d = 0; d < shape_.size(); ++d) {
    if (placement.stray != 0 && (shape_[d] == 1 || count_ == 0)) strides_[d] = placement.stray;
  }
  if (!gaps) dense_ = {placement.margin + placement.shift, bytes};
  dl_ = {memory_.data(), {kDLCPU, 0}, static_cast<int>(shape_.size()), type,
         nullptr,        nullptr,     static_cast<uint64_t>(start_)};
}

Tensor Tensor::Of(const std::vector<float>& values) {
  Tensor tensor(kF32, {static_cast<int64_t>(values.size())});
  tensor.Fill(values);
  return tensor;
}

Tensor Tensor::Scalar(float value) {
  Tensor tensor(kF32, {});
  tensor.Set(0, static_cast<double>(value));
  return tensor;
}

int64_t Tensor::ByteOffset(int64_t index) const {
  int64_t offset = start_;
  for (size_t d = shape_.size(); d-- > 0;) {
    offset += index % shape_[d] * strides_[d] * item_size_;
    index /= shape_[d];
  }
  return offset;
}

int64_t Tensor::IndexAlong(int axis, int64_t index) const {
  for (size_t d = shape_.size() - 1; d > static_cast<size_t>(axis); --d) index /= shape_[d];
  return index % shape_[static_cast<size_t>(axis)];
}

void Tensor::Set(int64_t index, double value) {
  uint8_t* to = memory_.data() + ByteOffset(index);
  const auto put = [to](auto element) { std::memcpy(to, &element, sizeof(element)); };
  if (SameType(type(), kF32)) put(static_cast<float>(value));
  if (SameType(type(), kF64)) put(value);
  if (SameType(type(), kF16)) put(Encode(kHalf, value));
  if (SameType(type(), kBF16)) put(Encode(kBrain, value));
  if (SameType(type(), kS8)) put(static_cast<int8_t>(value));
  if (SameType(type(), kU8)) put(static_cast<uint8_t>(value));
  if (SameType(type(), kS32)) put(static_cast<int32_t>(value));
  if (SameType(type(), kS64)) put(static_cast<int64_t>(value));
  if (SameType(type(), kBool)) put(static_cast<uint8_t>(value));
}

double Tensor::Get(int64_t index) const {
  const uint8_t* from = memory_.data() + ByteOffset(index);
  const auto get = [from](auto element) {
    std::memcpy(&element, from, sizeof(element));
    return element;
  };
  if (SameType(type(), kF32)) return static_cast<double>(get(float{}));
  if (SameType(type(), kF64)) return get(double{});
  if (SameType(type(), kF16)) return Decode(kHalf, get(uint16_t{}));
  if (SameType(type(), kBF16)) return Decode(kBrain, get(uint16_t{}));
  if (SameType(type(), kS8)) return get(int8_t{});
  if (SameType(type(), kU8) || SameType(type(), kBool)) return get(uint8_t{});
  if (SameType(type(), kS64)) return static_cast<double>(get(int64_t{}));
  return get(int32_t{});
}

uint64_t Tensor::Bits(int64_t index) const {
  if (std::isnan(Get(index))) return ~uint64_t{0};
  uint64_t bits = 0;
  std::memcpy(&bits, memory_.data() + ByteOffset(index), static_cast<size_t>(item_size_));
  return bits;
}

std::vector<float> Tensor::Values() const {
  std::vector<float> values;
  for (int64_t i = 0; i < count_; ++i) values.push_back(static_cast<float>(Get(i)));
  return values;
}

bool Tensor::SameMemory(const Tensor& other) const {
  return dense_.bytes > 0 && dense_.bytes == other.dense_.bytes && strides_ == other.strides_ &&
         SameType(type(), other.type()) &&
         std::memcmp(memory_.data() + dense_.begin, other.memory_.data() + other.dense_.begin,
                     static_cast<size_t>(dense_.bytes)) == 0;
}

bool Tensor::GapsAreIntact() const {
  if (dense_.bytes > 0) {
    const auto intact = [](uint8_t byte) { return byte == kFiller; };
    return std::all_of(memory_.begin(), memory_.begin() + dense_.begin, intact) &&
           std::all_of(memory_.begin() + dense_.begin + dense_.bytes, memory_.end(), intact);
  }
  std::vector<bool> element(memory_.size());
  for (int64_t i = 0; i < count_; ++i) {
    for (int64_t b = 0; b < item_size_; ++b) element[static_cast<size_t>(ByteOffset(i) + b)] = true;
  }
  for (size_t b = 0; b < memory_.size(); ++b) {
    if (!element[b] && memory_[b] != kFiller) return false;
  }
  return true;
}

testing::AssertionResult SameBits(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return testing::AssertionFailure() << "shapes differ";
  // The elements of large tensors take long in builds with sanitizers.
  if (a.SameMemory(b)) return testing::AssertionSuccess();
  for (int64_t i = 0; i < a.count(); ++i) {
    if (a.Bits(i) != b.Bits(i)) {
      return testing::AssertionFailure() << "element " << i << ": " << a.Get(i) << " against " << b.Get(i);
    }
  }
  return testing::AssertionSuccess();
}

std::vector<octet_isa> AvailableIsas() {
  static const bool amx_is_modelled = ModelAmxWhereMissing();
  static_cast<void>(amx_is_modelled);
  std::vector<octet_isa> isas;
  for (octet_isa isa : {OCTET_ISA_SCALAR, OCTET_ISA_AVX2, OCTET_ISA_AVX512, OCTET_ISA_AVX_VNNI, OCTET_ISA_AVX512_VNNI,
                        OCTET_ISA_AMX_INT8}) {
    if (octet_isa_available(isa) == 1) isas.push_back(isa);
  }
  return isas;
}

}  // namespace test
}  // namespace octet
