// SPDX-License-Identifier: Apache-2.0
// AMX as Intel's manual describes it, in plain C++: palette 1, eight tiles of up to 16 rows of up to 64 bytes for each
// thread. What the processor answers with a fault ends the process with a line on stderr. In place of the processor's
// instructions it runs the kernels of amx_tiles.h, and so the whole of a product, on machines without AMX.
#ifndef OCTET_TEST_SUPPORT_AMX_MODEL_H_
#define OCTET_TEST_SUPPORT_AMX_MODEL_H_

#include <cstdint>

#include "cpu/amx_tiles.h"

namespace octet {
namespace test {

/** The tiles of the calling thread. */
void ModelConfigure(const cpu::AmxShapes& shapes);
void ModelRelease();
void ModelZero(int tile);
void ModelLoad(int tile, const void* from, int64_t stride);
void ModelStore(int tile, void* to, int64_t stride);
void ModelDot(int sums, int activations, int weights);

/** TDPBUSD and LDTILECFG that were run so far, by all threads. */
int64_t ModelledDots();
int64_t ModelledConfigurations();
/** Threads whose tiles are configured. */
int64_t ThreadsWithTiles();

/** The instructions of amx_tiles.h. Small: a function that returns the kernels for what does not pay. */
template <const cpu::GemmKernels& (*kSmall)()>
struct AmxModel {
  static void Configure(const cpu::AmxShapes& shapes) { ModelConfigure(shapes); }
  static void Release() { ModelRelease(); }
  template <int kTile>
  static void Zero() {
    ModelZero(kTile);
  }
  template <int kTile>
  static void Load(const void* from, int64_t stride) {
    ModelLoad(kTile, from, stride);
  }
  template <int kTile>
  static void Store(void* to, int64_t stride) {
    ModelStore(kTile, to, stride);
  }
  template <int kSums, int kActivations, int kWeights>
  static void Dot() {
    ModelDot(kSums, kActivations, kWeights);
  }
  static void CopyGroups(const char* from, int first, char* to) {
    for (int i = 0; i < cpu::kAmxRowBytes; ++i) to[i] = i < first * kGroup ? char{0} : from[i];
  }
  static const cpu::GemmKernels& Small() { return kSmall(); }
};

/** Kernels on the model, with scalar ones for what does not pay: they run anywhere. */
const cpu::GemmKernels& ModelledAmxKernels();

/** Makes OCTET_ISA_AMX_INT8 available by the model if it is not by the processor: whether it is so now. */
bool ModelAmxWhereMissing();

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_AMX_MODEL_H_
