// SPDX-License-Identifier: Apache-2.0
// The steps of an epilogue over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_EPILOGUE_H_
#define OCTET_CPU_VECTOR_EPILOGUE_H_

#include <cstdint>

#include "cpu/epilogue_kernels.h"
#include "cpu/vector_codes.h"
#include "cpu/vector_kernels.h"
#include "numerics/epilogue.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorEpilogue {
  using Floats = typename V::Floats;
  using Integers = typename V::Integers;
  using Activation = numerics::Activation;

  /** Calls put(row, floats) for all rows of a vector of columns. */
  template <bool kZeroPoints, bool kScales, typename Lanes, typename Put>
  __attribute__((always_inline)) static void ScaleColumns(const ScaleStep& step, Lanes lanes, const Put& put) {
    const int64_t first = lanes.first;
    const Floats w_scale = V::Load(step.w_scale + first);
    const Floats bias = step.bias != nullptr ? lanes.template Load<float>(step.bias) : V::Set(0.0f);
    const Integers from_a = V::Mul(V::SetInteger(step.a_zero), V::LoadIntegers(step.w_sum + first));
    const Floats first_scale = V::Mul(V::Set(step.a_scale[0]), w_scale);
    // Locals, which stores can't change as far as the compiler can tell.
    const int32_t* const sums = step.sums + first;
    const float* const a_scale = step.a_scale;
    const int rows = step.rows;
    for (int r = 0; r < rows; ++r) {
      Integers sum = V::Sub(V::LoadIntegers(sums + r * kTileColumns), from_a);
      if constexpr (kZeroPoints) {
        sum = V::Sub(sum, V::Mul(V::LoadIntegers(step.w_zero + first), V::SetInteger(step.a_sum[r])));
      }
      const Floats scale = kScales ? V::Mul(V::Set(a_scale[r]), w_scale) : first_scale;
      put(r, V::Fma(V::ToFloats(sum), scale, bias));
    }
  }

  template <typename Lanes, typename Put>
  __attribute__((always_inline)) static void ScaleColumns(const ScaleStep& step, Lanes lanes, const Put& put) {
    if (step.w_zero == nullptr && step.a_scale_step == 0) {
      ScaleColumns<false, false>(step, lanes, put);
    } else if (step.w_zero == nullptr) {
      ScaleColumns<false, true>(step, lanes, put);
    } else if (step.a_scale_step == 0) {
      ScaleColumns<true, false>(step, lanes, put);
    } else {
      ScaleColumns<true, true>(step, lanes, put);
    }
  }

  /** Whether scaling whatever sums of a vector of columns gives no NaN. */
  template <typename Lanes>
  static bool GivesNumbers(const ScaleStep& step, Lanes lanes) {
    if (step.a_scale_step != 0) return false;
    const Floats scale = V::Mul(V::Set(step.a_scale[0]), V::Load(step.w_scale + lanes.first));
    const Floats bias = step.bias != nullptr ? lanes.template Load<float>(step.bias) : V::Set(0.0f);
    // The difference of an infinite number and itself is NaN. A finite scale may make infinite values, but with a
    // finite bias no NaN.
    return !V::Any(V::Or(V::IsNan(V::Sub(scale, scale)), V::IsNan(V::Sub(bias, bias))));
  }

  static void Scale(const ScaleStep& step, float* tile) {
    ForEachVector<V>(step.columns, [&step, tile](auto lanes) {
      float* const values = tile + lanes.first;
      ScaleColumns(step, lanes, [values](int r, Floats y) { V::Store(values + r * kTileColumns, y); });
    });
  }

  template <typename T>
  static void ScaleToCodes(const ScaleStep& step, const TileRows& out) {
    WithCodes<V>(out.step, out.limits, [&](const auto& codes) {
      char* const data = out.data;
      const int64_t stride = out.stride;
      ForEachVector<V>(
          step.columns, [&](auto lanes) __attribute__((always_inline)) {
            if (GivesNumbers(step, lanes)) {
              ScaleColumns(step, lanes, [&](int r, Floats y) {
                lanes.template StoreIntegers<T>(data + r * stride, codes.OfNumbers(y));
              });
            } else {
              ScaleColumns(step, lanes,
                           [&](int r, Floats y) { lanes.template StoreIntegers<T>(data + r * stride, codes.Of(y)); });
            }
          });
    });
  }

  static void ScaleToFloats(const ScaleStep& step, const TileRows& residual, const TileRows& out) {
    char* const data = out.data;
    const int64_t stride = out.stride;
    const char* const added = residual.data;
    const int64_t added_stride = residual.stride;
    ForEachVector<V>(step.columns, [&](auto lanes) {
      if (added == nullptr) {
        ScaleColumns(step, lanes, [&](int r, Floats y) { lanes.template Store<float>(data + r * stride, y); });
      } else {
        ScaleColumns(step, lanes, [&](int r, Floats y) {
          const Floats sum = V::Add(y, lanes.template Load<float>(added + r * added_stride));
          lanes.template Store<float>(data + r * stride, sum);
        });
      }
    });
  }

  static void AddBias(const float* bias, int rows, int columns, float* values) {
    ForEachVector<V>(columns, [&](auto lanes) {
      const Floats added = lanes.template Load<float>(bias);
      for (int r = 0; r < rows; ++r) {
        float* at = values + r * kTileColumns + lanes.first;
        V::Store(at, V::Add(V::Load(at), added));
      }
    });
  }

  template <Activation kActivation>
  static void Activate(float* values, int rows, int columns) {
    // Lanes beyond the last column are worked on too: they hold what Scale made of zeros.
    for (int r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; c += kWidth) {
        float* at = values + r * kTileColumns + c;
        V::Store(at, numerics::Activate<V, kActivation>(V::Load(at)));
      }
    }
  }

  static void Multiply(const float* factor, int rows, int columns, float* values) {
    ForEachVector<V>(columns, [&](auto lanes) {
      const Floats factors = lanes.template Load<float>(factor);
      for (int r = 0; r < rows; ++r) {
        float* at = values + r * kTileColumns + lanes.first;
        V::Store(at, V::Mul(V::Load(at), factors));
      }
    });
  }

  template <typename T>
  static void AddFloats(const TileRows& residual, float* values) {
    ForEachRow(residual, [&](const char* row, int64_t value, auto lanes) {
      float* at = values + value + lanes.first;
      V::Store(at, V::Add(V::Load(at), lanes.template Load<T>(row)));
    });
  }

  template <typename T>
  static void AddCodes(const TileRows& residual, float* values) {
    const VectorStep<V> step = {V::Set(residual.step.scale), V::Set(residual.step.zero_point)};
    ForEachRow(residual, [&](const char* row, int64_t value, auto lanes) {
      float* at = values + value + lanes.first;
      V::Store(at, V::Add(V::Load(at), ValueOfCodeVector<V>(lanes.template Load<T>(row), step)));
    });
  }

  template <typename T>
  static void StoreFloats(const float* values, const TileRows& out) {
    ForEachRow(out, [&](char* row, int64_t value, auto lanes) {
      lanes.template Store<T>(row, V::Load(values + value + lanes.first));
    });
  }

  template <typename T>
  static void StoreCodes(const float* values, const TileRows& out) {
    WithCodes<V>(out.step, out.limits, [&](const auto& codes) {
      ForEachRow(out, [&](char* row, int64_t value, auto lanes) {
        lanes.template StoreIntegers<T>(row, codes.Of(V::Load(values + value + lanes.first)));
      });
    });
  }

  static bool MakePanel(const PanelColumns& panel, PanelValues* values) {
    bool fits = true;
    ForEachVector<V>(panel.columns, [&](auto lanes) {
      const int64_t first = lanes.first;
      const Integers from_a = V::Mul(V::SetInteger(panel.a_zero), V::LoadIntegers(panel.w_sum + first));
      const Floats scale = V::Mul(V::Set(panel.a_scale), V::Load(panel.w_scale + first));
      const Floats bias = panel.bias != nullptr ? lanes.template Load<float>(panel.bias) : V::Set(0.0f);
      Floats greatest = V::Fma(V::Abs(scale), V::Set(0x1p31f), V::Abs(bias));
      if (panel.activates) {
        // Activations give nothing greater than 1 or than what they are given, but for a unit of the last place.
        const Floats factor = panel.factor != nullptr ? lanes.template Load<float>(panel.factor) : V::Set(1.0f);
        greatest = V::Mul(V::Add(greatest, V::Set(1.0f)), V::Abs(factor));
        V::Store(values->factor + first, factor);
      }
      const auto beyond = V::Or(V::IsNan(greatest), V::LessEqual(V::Set(panel.limit), greatest));
      fits = fits && !V::Any(beyond);
      V::StoreIntegersS32(values->start + first, V::Sub(V::SetInteger(0), from_a));
      V::Store(values->scale + first, scale);
      V::Store(values->bias + first, bias);
    });
    return fits;
  }

  /** Calls body with a row's memory, the number of its first value and lanes, for all vectors of a tile. */
  template <typename Body>
  static void ForEachRow(const TileRows& tile, const Body& body) {
    // Locals, which the stores of a body can't change as far as the compiler can tell.
    char* row = tile.data;
    const int64_t stride = tile.stride;
    const int64_t end = int64_t{tile.rows} * kTileColumns;
    const int64_t columns = tile.columns;
    if (columns == kTileColumns) {
      for (int64_t value = 0; value < end; value += kTileColumns, row += stride) {
        body(row, value, AllLanes<V>{0});
        body(row, value, AllLanes<V>{kWidth});
      }
      return;
    }
    for (int64_t value = 0; value < end; value += kTileColumns, row += stride) {
      ForEachVector<V>(columns, [&](auto lanes) { body(row, value, lanes); });
    }
  }
};

template <typename V>
constexpr EpilogueKernels MakeVectorEpilogue(void (*finish_codes)(const int32_t*, int, const TileCodes&)) {
  using E = VectorEpilogue<V>;
  using A = numerics::Activation;
  return {
      E::Scale,
      {E::template ScaleToCodes<int8_t>, E::template ScaleToCodes<uint8_t>},
      E::ScaleToFloats,
      E::AddBias,
      {E::template Activate<A::kNone>, E::template Activate<A::kRelu>, E::template Activate<A::kRelu6>,
       E::template Activate<A::kGeluErf>, E::template Activate<A::kGeluTanh>, E::template Activate<A::kSilu>,
       E::template Activate<A::kSigmoid>, E::template Activate<A::kTanh>, E::template Activate<A::kHardswish>,
       E::template Activate<A::kHardsigmoid>},
      E::Multiply,
      {E::template AddFloats<float>, E::template AddFloats<Float16>, E::template AddFloats<BFloat16>,
       E::template AddCodes<int8_t>, E::template AddCodes<uint8_t>},
      {E::template StoreFloats<float>, E::template StoreFloats<Float16>, E::template StoreFloats<BFloat16>,
       E::template StoreCodes<int8_t>, E::template StoreCodes<uint8_t>},
      finish_codes,
      E::MakePanel,
  };
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_EPILOGUE_H_
