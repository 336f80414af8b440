// SPDX-License-Identifier: Apache-2.0
// Transposed copies of matrices whose elements are bytes or words of four bytes.
#ifndef OCTET_CPU_TRANSPOSE_H_
#define OCTET_CPU_TRANSPOSE_H_

#include <cstdint>

namespace octet {
namespace cpu {

/** to[c][r] = from[r][c] for rows x columns elements; strides from row to row in bytes. No alignment is needed. */
void TransposeBytes(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns);
void TransposeWords(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t columns);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_TRANSPOSE_H_
