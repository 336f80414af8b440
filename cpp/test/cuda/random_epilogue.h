// SPDX-License-Identifier: Apache-2.0
// Random epilogues of products and convolutions.
#ifndef OCTET_TEST_CUDA_RANDOM_EPILOGUE_H_
#define OCTET_TEST_CUDA_RANDOM_EPILOGUE_H_

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {

/** An epilogue for an output, with any of its parts. */
class RandomEpilogue {
 public:
  RandomEpilogue(Random* random, const std::vector<int64_t>& out_shape, size_t without_gaps)
      : out_type(random->Of(kValueTypes)),
        out_place_(random->Output(out_shape, out_type, without_gaps)),
        out_shape_(out_shape),
        residual_type_(random->Of(kValueTypes)),
        out_grid_(random, out_type),
        residual_grid_(random, residual_type_),
        bias_(random->Filled(kF32, {out_shape.back()}, 1)),
        factor_(random->Filled(kF32, {out_shape.back()}, 1)),
        residual_(random->Filled(residual_type_, out_shape, without_gaps)),
        has_bias_(random->OneIn(2)),
        has_factor_(random->OneIn(4)),
        has_residual_(random->OneIn(2)),
        place_(random->OneIn(2) ? OCTET_RESIDUAL_AFTER_ACTIVATION : OCTET_RESIDUAL_BEFORE_ACTIVATION),
        activation_(
            static_cast<octet_activation>(random->Between(OCTET_ACTIVATION_NONE, OCTET_ACTIVATION_HARDSIGMOID))) {}

  /** `own`, and what the epilogue reads. */
  std::vector<Tensor*> With(std::vector<Tensor*> own) {
    own.insert(own.end(), {&bias_, &factor_, &residual_});
    return own;
  }

  /** Of inputs that With gave. */
  octet_epilogue Of(const Tensors& in) const {
    const size_t first = in.size() - 3;
    octet_epilogue epilogue = {};
    if (has_bias_) epilogue.bias = in[first];
    if (has_factor_) epilogue.factor = in[first + 1];
    if (has_residual_) {
      epilogue.residual = in[first + 2];
      epilogue.residual_grid = residual_grid_.get();
    }
    epilogue.residual_place = place_;
    epilogue.activation = activation_;
    epilogue.out_grid = out_grid_.get();
    return epilogue;
  }

  auto MakeOutputs() const {
    return [this] {
      std::vector<Tensor> outputs;
      outputs.emplace_back(out_type, out_shape_, out_place_);
      return outputs;
    };
  }

  const DLDataType out_type;

 private:
  Placement out_place_;
  std::vector<int64_t> out_shape_;
  DLDataType residual_type_;
  RandomGrid out_grid_;
  RandomGrid residual_grid_;
  Tensor bias_;
  Tensor factor_;
  Tensor residual_;
  bool has_bias_;
  bool has_factor_;
  bool has_residual_;
  octet_residual_place place_;
  octet_activation activation_;
};

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_RANDOM_EPILOGUE_H_
