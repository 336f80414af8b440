// SPDX-License-Identifier: Apache-2.0
// Tensors of tests on a CUDA device, and the comparison of every kernel with the CPU's.
#ifndef OCTET_TEST_CUDA_ON_DEVICE_H_
#define OCTET_TEST_CUDA_ON_DEVICE_H_

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "support/tensor.h"

namespace octet {
namespace test {

/** A copy of a tensor, gaps included, on device 0. */
class OnDevice {
 public:
  explicit OnDevice(Tensor* tensor);
  ~OnDevice() { octet_cuda_free(0, memory_); }
  OnDevice(const OnDevice&) = delete;

  DLTensor* dl() { return &dl_; }
  /** Copies the device's bytes back to the tensor, after all work of the default stream. */
  void Fetch();
  /** Whether all bytes on the device are those of the tensor still. */
  bool IsUnchanged() const;

 private:
  Tensor* tensor_;
  void* memory_ = nullptr;
  DLTensor dl_;
};

/** Inputs and outputs of a call, on one device. */
using Tensors = std::vector<DLTensor*>;

/**
 * Runs `call(inputs, outputs)` on the CPU's scalar reference and on the device, into outputs that `make_outputs` makes;
 * all must have the same bits, and the bytes around them, and inputs, must be as they were.
 */
template <typename MakeOutputs, typename Call>
void ExpectSameOnDevice(std::vector<Tensor*> inputs, const MakeOutputs& make_outputs, const Call& call) {
  const KeepSettings keep;
  ASSERT_OK(octet_set_isa(OCTET_ISA_SCALAR));
  std::vector<Tensor> expected = make_outputs();
  std::vector<Tensor> actual = make_outputs();
  Tensors in, out;
  for (Tensor* tensor : inputs) in.push_back(tensor->dl());
  for (Tensor& tensor : expected) out.push_back(tensor.dl());
  ASSERT_OK(call(in, out));
  std::vector<std::unique_ptr<OnDevice>> copies;
  in.clear();
  out.clear();
  for (Tensor* tensor : inputs) {
    copies.push_back(std::make_unique<OnDevice>(tensor));
    in.push_back(copies.back()->dl());
  }
  for (Tensor& tensor : actual) {
    copies.push_back(std::make_unique<OnDevice>(&tensor));
    out.push_back(copies.back()->dl());
  }
  ASSERT_OK(call(in, out));
  for (size_t i = 0; i < inputs.size(); ++i) ASSERT_TRUE(copies[i]->IsUnchanged()) << "input " << i;
  for (size_t i = 0; i < actual.size(); ++i) {
    copies[inputs.size() + i]->Fetch();
    ASSERT_TRUE(SameBits(actual[i], expected[i])) << "output " << i;
    ASSERT_TRUE(actual[i].GapsAreIntact()) << "output " << i;
  }
}

/** Outputs of one tensor. */
inline auto OneOutput(DLDataType type, std::vector<int64_t> shape, Layout layout = Layout::kCompact) {
  return [type, shape, layout] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(type, shape, layout);
    return outputs;
  };
}

/** Layouts that a device takes: elements at multiples of their size. */
constexpr Layout kDeviceOutputLayouts[] = {Layout::kCompact, Layout::kShifted, Layout::kTransposed, Layout::kReversed,
                                           Layout::kGaps};
constexpr Layout kDeviceInputLayouts[] = {Layout::kCompact,  Layout::kShifted, Layout::kTransposed,
                                          Layout::kReversed, Layout::kGaps,    Layout::kExpanded};

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_ON_DEVICE_H_
