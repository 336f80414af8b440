// SPDX-License-Identifier: Apache-2.0
// Ranges of matrices: extreme values, percentiles, and squared errors of 100 candidates, which read a matrix once.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

constexpr Matrix kSmallShapes[] = {{3, 70}};
constexpr int64_t kCandidates = 100;

void MinMax(Bench* bench, const Matrix& shape, int32_t axis, DLDataType type) {
  const auto [rows, columns] = shape;
  const int64_t results = axis < 0 ? 1 : axis == 0 ? rows : columns;
  const Tensor x(type, {rows, columns});
  const Tensor least(kF32, {results});
  const Tensor greatest(kF32, {results});
  bench->Measure({x.bytes()}, [&] { BENCH_CHECK(octet_min_max(x.dl(), axis, least.dl(), greatest.dl(), nullptr)); });
}

void Percentile(Bench* bench, const Matrix& shape, int32_t axis, DLDataType type) {
  const auto [rows, columns] = shape;
  const int64_t results = axis < 0 ? 1 : axis == 0 ? rows : columns;
  const Tensor x(type, {rows, columns});
  const Tensor low(kF32, {results});
  const Tensor high(kF32, {results});
  size_t bytes = 0;
  BENCH_CHECK(octet_percentile_workspace_size(x.dl(), axis, &bytes));
  const Memory workspace(bytes);
  bench->Measure({x.bytes()}, [&] {
    BENCH_CHECK(octet_percentile(x.dl(), axis, 0.1, 99.9, low.dl(), high.dl(), workspace.data(), bytes, nullptr));
  });
}

void RangeMse(Bench* bench, const Matrix& shape, int32_t axis, octet_scheme scheme) {
  const auto [rows, columns] = shape;
  const Tensor x(kF32, {rows, columns});
  std::vector<float> ends;
  for (int64_t i = 0; i < kCandidates; ++i) ends.push_back(0.01f * static_cast<float>(i + 1));
  const Tensor greatest(kF32, {kCandidates}, ends.data());
  for (float& end : ends) end = -end;
  const Tensor least(kF32, {kCandidates}, ends.data());
  const Tensor loss(kF32, {axis < 0 ? 1 : rows, kCandidates});
  const octet_range_mse_options options = {scheme, 8, OCTET_SCALE_LINEAR, 1e-8f};
  bench->Measure({x.bytes()}, [&] {
    BENCH_CHECK(octet_range_mse(x.dl(), axis, &options, least.dl(), greatest.dl(), loss.dl(), nullptr));
  });
}

}  // namespace

void RangeRows(Bench* bench) {
  for (const Matrix& shape : bench->Choose(kMatrices, kSmallShapes)) {
    const std::string sizes = '/' + ShapeText({shape.rows, shape.columns});
    for (const int32_t axis : {-1, 0, 1}) {
      const std::string sharing = axis < 0 ? "per_tensor" : axis == 0 ? "per_channel" : "per_column";
      for (const DLDataType type : {kF32, kBF16}) {
        const std::string row = sharing + '/' + NameOf(type) + sizes;
        bench->Row("min_max", row, [&] { MinMax(bench, shape, axis, type); });
        bench->Row("percentile", row, [&] { Percentile(bench, shape, axis, type); });
      }
    }
    for (const int32_t axis : {-1, 0}) {
      const std::string sharing = axis < 0 ? "per_tensor" : "per_channel";
      bench->Row("range_mse", sharing + "/symmetric_100_candidates/f32" + sizes,
                 [&] { RangeMse(bench, shape, axis, OCTET_SYMMETRIC); });
      bench->Row("range_mse", sharing + "/asymmetric_100_candidates/f32" + sizes,
                 [&] { RangeMse(bench, shape, axis, OCTET_ASYMMETRIC); });
    }
  }
}

}  // namespace bench
}  // namespace octet
