// SPDX-License-Identifier: Apache-2.0
// An embedding as backends take it: checked arguments.
#ifndef OCTET_CORE_EMBEDDING_CALL_H_
#define OCTET_CORE_EMBEDDING_CALL_H_

#include <cstdint>

#include "core/grid_view.h"
#include "core/operand.h"

namespace octet {

struct EmbeddingCall {
  const TensorView* rows = nullptr;
  /** Of codes. */
  const GridView* grid = nullptr;
  /** Two codes a byte, signed if the grid begins below 0. */
  bool packed = false;
  /** Indices below 0 count from the end. */
  bool wrap = false;
  /** All within the table. */
  const TensorView* indices = nullptr;
  const Operand* out = nullptr;
};

}  // namespace octet

#endif  // OCTET_CORE_EMBEDDING_CALL_H_
