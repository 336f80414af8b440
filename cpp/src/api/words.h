// SPDX-License-Identifier: Apache-2.0
// Shapes, types and devices as words for messages. Fixed buffers: messages must not allocate.
#ifndef OCTET_API_WORDS_H_
#define OCTET_API_WORDS_H_

#include "core/tensor_view.h"
#include "octet/dlpack.h"

namespace octet {
namespace api {

/** A short text of its own memory. */
struct Words {
  char text[160];
};

/** "[2, 3]"; long lists end in "...". */
Words ListWords(const int64_t* values, int count);

/** "f32", "s8", or code, bits and lanes where there is no such name. */
Words TypeWords(DLDataType type);
const char* TypeWords(ElementType type);

/** "cpu", "cuda:0", "device type 7". */
Words DeviceWords(DLDevice device);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_WORDS_H_
