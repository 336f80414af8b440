// SPDX-License-Identifier: Apache-2.0
// Tensors of any type and layout for tests.
#ifndef OCTET_TEST_SUPPORT_TENSOR_H_
#define OCTET_TEST_SUPPORT_TENSOR_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "octet/octet.h"

namespace octet {
namespace test {

constexpr DLDataType kF32 = {kDLFloat, 32, 1};
constexpr DLDataType kF16 = {kDLFloat, 16, 1};
constexpr DLDataType kBF16 = {kDLBfloat, 16, 1};
constexpr DLDataType kF64 = {kDLFloat, 64, 1};
constexpr DLDataType kS8 = {kDLInt, 8, 1};
constexpr DLDataType kU8 = {kDLUInt, 8, 1};
constexpr DLDataType kS32 = {kDLInt, 32, 1};
constexpr DLDataType kS64 = {kDLInt, 64, 1};
constexpr DLDataType kBool = {kDLBool, 8, 1};

constexpr DLDataType kFloatTypes[] = {kF32, kF16, kBF16};

std::string TypeName(DLDataType type);

enum class Layout {
  kCompact,
  /** Compact, but at an odd address. */
  kMisaligned,
  /** Compact, one element after a multiple of 64 bytes. */
  kShifted,
  /** Dimensions in memory in the opposite order. */
  kTransposed,
  /** All strides negative. */
  kReversed,
  /** Two elements of other data between neighbours. */
  kGaps,
  /** The first dimension has stride 0. For inputs. */
  kExpanded,
};

/** Where the elements of a tensor lie, freely. */
struct Placement {
  struct Dim {
    /** Which dimension of the shape. */
    int axis = 0;
    /** Elements of other data between neighbours, beside what lies within them. */
    int64_t gap = 0;
    bool reversed = false;
    /** Stride 0. For inputs. */
    bool repeated = false;
    /** The next dimension steps as far as this one: windows that overlap. For inputs. */
    bool overlaps = false;
  };
  /** From the innermost one on. */
  std::vector<Dim> dims;
  /** Strides of dimensions of size 1, and of all where there are no elements, which mean nothing; 0: the usual ones. */
  int64_t stray = 0;
  /** No strides are given where the tensor is compact. */
  bool bare = false;
  /** Bytes in front of the tensor. */
  int64_t shift = 0;
  /** Bytes around everything: with 0 the memory ends with the last element. */
  int64_t margin = 64;
};

constexpr Layout kOutputLayouts[] = {Layout::kCompact, Layout::kMisaligned, Layout::kTransposed, Layout::kReversed,
                                     Layout::kGaps};
constexpr Layout kInputLayouts[] = {Layout::kCompact,  Layout::kMisaligned, Layout::kTransposed,
                                    Layout::kReversed, Layout::kGaps,       Layout::kExpanded};

/** A tensor with memory of its own. Elements are numbered in row-major order, whatever the layout. */
class Tensor {
 public:
  Tensor(DLDataType type, std::vector<int64_t> shape, Layout layout = Layout::kCompact);
  Tensor(DLDataType type, std::vector<int64_t> shape, const Placement& placement);
  /** Compact f32. */
  static Tensor Of(const std::vector<float>& values);
  static Tensor Scalar(float value);

  Tensor(Tensor&&) = default;
  Tensor(const Tensor&) = delete;

  DLTensor* dl() {
    dl_.shape = shape_.data();
    dl_.strides = bare_ ? nullptr : strides_.data();
    return &dl_;
  }
  int64_t count() const { return count_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  DLDataType type() const { return dl_.dtype; }

  /** Rounds to the type. */
  void Set(int64_t index, double value);
  /** Exact. */
  double Get(int64_t index) const;
  /** The bits of an element; all NaNs count as one. */
  uint64_t Bits(int64_t index) const;
  /** The lowest bits, as many as an element has. */
  void SetBits(int64_t index, uint64_t bits) {
    std::memcpy(memory_.data() + ByteOffset(index), &bits, static_cast<size_t>(item_size_));
  }

  template <typename Values>
  void Fill(const Values& values) {
    for (int64_t i = 0; i < count_; ++i) Set(i, static_cast<double>(values[static_cast<size_t>(i)]));
  }
  std::vector<float> Values() const;

  /** Number of the index along a dimension of element number `index`. */
  int64_t IndexAlong(int axis, int64_t index) const;

  /** All bytes, those between and around the elements too. */
  uint8_t* memory() { return memory_.data(); }
  size_t memory_bytes() const { return memory_.size(); }

  /** Whether the bytes between elements, and around them, are as they were. */
  bool GapsAreIntact() const;

  /** Whether both lie in memory alike, without gaps, and all bytes of elements are the same. */
  bool SameMemory(const Tensor& other) const;

 private:
  /** Where elements lie that fill their memory; no bytes where there are gaps. */
  struct Dense {
    int64_t begin = 0;
    int64_t bytes = 0;
  };

  int64_t ByteOffset(int64_t index) const;

  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  int64_t count_ = 1;
  int64_t item_size_ = 0;
  int64_t start_ = 0;
  /** The DLTensor has no strides. */
  bool bare_ = false;
  Dense dense_;
  std::vector<uint8_t> memory_;
  DLTensor dl_;
};

/** Same shape and same bits. */
testing::AssertionResult SameBits(const Tensor& a, const Tensor& b);

/** Instruction sets this machine has, the scalar one first; AMX by a model of it where only that is missing. */
std::vector<octet_isa> AvailableIsas();

/** Keeps instruction set and thread count for the time of a test. */
class KeepSettings {
 public:
  KeepSettings() : isa_(octet_get_isa()), threads_(octet_get_num_threads()) {}
  ~KeepSettings() {
    octet_set_isa(isa_);
    octet_set_num_threads(threads_);
  }

 private:
  octet_isa isa_;
  int32_t threads_;
};

/**
 * Runs `call`, which fills the outputs it makes and returns them, for every instruction set and several thread counts;
 * all must give the same bits. Returns the outputs of the reference.
 */
template <typename Call>
std::vector<Tensor> SameOnAllPaths(const Call& call) {
  const KeepSettings keep;
  EXPECT_EQ(octet_set_isa(OCTET_ISA_SCALAR), OCTET_OK);
  EXPECT_EQ(octet_set_num_threads(1), OCTET_OK);
  std::vector<Tensor> reference = call();
  for (octet_isa isa : AvailableIsas()) {
    EXPECT_EQ(octet_set_isa(isa), OCTET_OK);
    for (int32_t threads = 1; threads <= 4; ++threads) {
      EXPECT_EQ(octet_set_num_threads(threads), OCTET_OK);
      const std::vector<Tensor> outputs = call();
      for (size_t i = 0; i < outputs.size(); ++i) {
        EXPECT_TRUE(SameBits(outputs[i], reference[i]))
            << "output " << i << ", " << octet_isa_name(isa) << ", " << threads << " threads";
        EXPECT_TRUE(outputs[i].GapsAreIntact()) << "output " << i << ", " << octet_isa_name(isa);
      }
    }
  }
  return reference;
}

#define EXPECT_OK(call) EXPECT_EQ((call), OCTET_OK) << octet_last_error()
#define ASSERT_OK(call) ASSERT_EQ((call), OCTET_OK) << octet_last_error()

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_TENSOR_H_
