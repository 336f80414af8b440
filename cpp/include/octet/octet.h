/* SPDX-License-Identifier: Apache-2.0 */
/** @file The whole C API. */
#ifndef OCTET_OCTET_H_
#define OCTET_OCTET_H_

#include "octet/attention.h"
#include "octet/conv2d.h"
#include "octet/conv2d_float.h"
#include "octet/cuda.h"
#include "octet/cuda_event.h"
#include "octet/dlpack.h"
#include "octet/elementwise.h"
#include "octet/embedding.h"
#include "octet/epilogue.h"
#include "octet/fake_quantize.h"
#include "octet/gemm.h"
#include "octet/gemm_float.h"
#include "octet/gemm_grouped.h"
#include "octet/grid.h"
#include "octet/integers.h"
#include "octet/library.h"
#include "octet/matmul.h"
#include "octet/norm.h"
#include "octet/pool.h"
#include "octet/quantize.h"
#include "octet/range.h"
#include "octet/recurrent.h"
#include "octet/reduce.h"
#include "octet/softmax.h"
#include "octet/status.h"

#endif /* OCTET_OCTET_H_ */
