// SPDX-License-Identifier: Apache-2.0
// Attention on checked arguments.
#ifndef OCTET_CPU_ATTENTION_H_
#define OCTET_CPU_ATTENTION_H_

#include <cstddef>

#include "core/attention_call.h"

namespace octet {
namespace cpu {

/** What a call asks for, and the least that it takes: with more its items can run in more threads. */
struct AttentionWorkspace {
  size_t wanted;
  size_t least;
};

/** Looks at the shapes of q, k and v only. */
AttentionWorkspace AttentionWorkspaceSize(const AttentionCall& call);

void Attention(const AttentionCall& call, char* workspace, size_t workspace_bytes);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ATTENTION_H_
