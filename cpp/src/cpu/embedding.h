// SPDX-License-Identifier: Apache-2.0
// Embeddings on checked arguments.
#ifndef OCTET_CPU_EMBEDDING_H_
#define OCTET_CPU_EMBEDDING_H_

#include <cstdint>

#include "core/embedding_call.h"

namespace octet {
namespace cpu {

/** The place of the first code that has no 4 bits, in row-major order, or -1; what lies before it has been packed. */
int64_t PackEmbedding(const TensorView& codes, const TensorView& packed);

/** The place of the first index outside least..limit-1, in row-major order, or -1. */
int64_t FirstOutside(const TensorView& indices, int64_t least, int64_t limit);

/** The index at a place. */
int64_t IndexAt(const TensorView& indices, int64_t place);

void Embedding(const EmbeddingCall& call);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_EMBEDDING_H_
