// SPDX-License-Identifier: Apache-2.0
// Windows of single elements, for images whose channels do not lie side by side: the arithmetic of vector_pool.h in
// plain loops.
#ifndef OCTET_CPU_POOL_ELEMENT_H_
#define OCTET_CPU_POOL_ELEMENT_H_

#include "cpu/row_kernels.h"

namespace octet {
namespace cpu {

/** Stores the greatest element of a window, whose type `out` has too. */
void StoreMaxOfElements(ElementType type, const PoolWindow& window, char* out);

/** The sum of floats, or of codes as they are. */
float SumOfElements(ElementType type, const PoolWindow& window);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_POOL_ELEMENT_H_
