// SPDX-License-Identifier: Apache-2.0
// The order of a product's tiles. Blocks that run at the same time should share rows of both operands in the
// second-level cache: tiles go down `band` rows of tiles, then to the next column, and after the last column to the
// next band.
#ifndef OCTET_CUDA_GEMM_RASTER_H_
#define OCTET_CUDA_GEMM_RASTER_H_

#include <algorithm>
#include <cstdint>

namespace octet {
namespace cuda {

struct Raster {
  /** Tiles along activations and along weights. */
  int32_t by_activations;
  int32_t by_weights;
  /** Rows of tiles of a band; the last one may have fewer. */
  int32_t band;
};

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/**
 * Of a product of m rows by n columns in tiles of tile_rows by tile_columns. row_bytes: of an activation's K. Some 4 MB
 * of activations stay in the second-level cache (6 MB on the smallest device) while weights go by.
 */
inline Raster RasterOver(int64_t m, int64_t n, int64_t tile_rows, int64_t tile_columns, int64_t row_bytes) {
  Raster raster;
  raster.by_activations = static_cast<int32_t>(CeilDiv(m, tile_rows));
  raster.by_weights = static_cast<int32_t>(CeilDiv(n, tile_columns));
  const int64_t rows = (int64_t{4} << 20) / std::max<int64_t>(1, row_bytes * tile_rows);
  raster.band = static_cast<int32_t>(std::min<int64_t>(raster.by_activations, std::max<int64_t>(1, rows)));
  return raster;
}

struct TilePlace {
  int32_t by_activations;
  int32_t by_weights;
};

__host__ __device__ inline TilePlace PlaceOf(const Raster& raster, uint32_t tile) {
  const uint32_t band_tiles = static_cast<uint32_t>(raster.band) * static_cast<uint32_t>(raster.by_weights);
  const uint32_t band = tile / band_tiles;
  const uint32_t in_band = tile % band_tiles;
  const uint32_t first = band * static_cast<uint32_t>(raster.band);
  const uint32_t left = static_cast<uint32_t>(raster.by_activations) - first;
  const uint32_t rows = left < static_cast<uint32_t>(raster.band) ? left : static_cast<uint32_t>(raster.band);
  return {static_cast<int32_t>(first + in_band % rows), static_cast<int32_t>(in_band / rows)};
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_RASTER_H_
