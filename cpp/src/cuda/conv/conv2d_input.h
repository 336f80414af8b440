// SPDX-License-Identifier: Apache-2.0
// The input of a convolution of codes as its kernels read it: where it lies, or made ready in the workspace.
#ifndef OCTET_CUDA_CONV_CONV2D_INPUT_H_
#define OCTET_CUDA_CONV_CONV2D_INPUT_H_

#include "core/conv2d_arguments.h"
#include "core/device_conv2d.h"
#include "cuda/conv/conv2d_plan.h"
#include "cuda/conv/pixel_source.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {

class Conv2dInput {
 public:
  /** What is given has to outlive it. */
  Conv2dInput(const Call* call, const Conv2dArguments& arguments, const Conv2dGeometry& geometry,
              const Conv2dSizes& sizes)
      : call_(call), arguments_(arguments), geometry_(geometry), sizes_(sizes) {}

  /** Whether codes are signed. */
  bool IsSigned() const;
  /** Whether pixels beyond the image are no zeros. */
  bool PadsWithCodes() const;
  /** Whether kernels can copy 16 channels of a pixel at a time from where they lie. */
  bool ReadableByPixel() const;

  /** Enqueues what makes the input ready for a plan. */
  octet_status Read(const GemmPlan& plan, const Conv2dWorkspace& workspace, char* memory);

  /** What Read has set. */
  const PixelSource& source() const { return source_; }
  /** The same in boxes, for a plan that takes them. */
  BoxedPixels Boxes() const;

 private:
  bool ReadableInBoxes() const;
  octet_status Done(const char* what, cudaError_t error) const;
  octet_status Copy(bool boxes, int8_t* codes);
  octet_status CopyTapRows(int8_t* codes);
  octet_status CopyImage(int8_t* codes) const;

  const Call* const call_;
  const Conv2dArguments& arguments_;
  const Conv2dGeometry& geometry_;
  const Conv2dSizes& sizes_;
  PixelSource source_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_CONV2D_INPUT_H_
