// SPDX-License-Identifier: Apache-2.0
// From floats to codes, back, and from grid to grid. (Codes of rows on grids of their own are made within products:
// octet_gemm_dynamic.)
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

struct Types {
  DLDataType values, codes;
};

constexpr Types kTypes[] = {{kF32, kS8}, {kF16, kS8}, {kBF16, kU8}};

}  // namespace

void QuantizeRows(Bench* bench) {
  for (const auto& [rows, columns] : bench->Choose(kMatrices, kSmallMatrices)) {
    const std::vector<int64_t> shape = {rows, columns};
    for (const int32_t axis : {-1, 0, 1}) {
      const char* const sharing = axis < 0 ? "per_tensor" : axis == 0 ? "per_channel" : "per_column";
      for (const Types& types : kTypes) {
        const DLDataType values = types.values;
        const DLDataType codes = types.codes;
        const bool is_signed = codes.code == kDLInt;
        const int64_t grids = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
        const std::string sizes = '/' + ShapeText(shape);
        const std::string case_name = std::string(sharing) + '/';
        bench->Row("quantize", case_name + NameOf(values) + '-' + NameOf(codes) + sizes, [&] {
          const DeviceGrid grid(is_signed, axis, grids);
          const Tensor x(values, shape);
          const Tensor out(codes, shape);
          bench->Measure({x.bytes() + out.bytes()},
                         [&] { BENCH_CHECK(octet_quantize(grid.get(), x.dl(), out.dl(), nullptr)); });
        });
        bench->Row("dequantize", case_name + NameOf(codes) + '-' + NameOf(values) + sizes, [&] {
          const DeviceGrid grid(is_signed, axis, grids);
          const Tensor x(codes, shape);
          const Tensor out(values, shape);
          bench->Measure({x.bytes() + out.bytes()},
                         [&] { BENCH_CHECK(octet_dequantize(grid.get(), x.dl(), out.dl(), nullptr)); });
        });
      }
    }
    for (const DLDataType type : {kS8, kU8}) {
      bench->Row("requantize", NameOf(type) + "-s8/" + ShapeText(shape), [&] {
        const Grid grid(type, 0.02f);
        const Grid out_grid(kS8, 0.03f);
        const Tensor x(type, shape);
        const Tensor out(kS8, shape);
        bench->Measure({x.bytes() + out.bytes()},
                       [&] { BENCH_CHECK(octet_requantize(x.dl(), grid.get(), out.dl(), out_grid.get(), nullptr)); });
      });
    }
  }
}

}  // namespace bench
}  // namespace octet
