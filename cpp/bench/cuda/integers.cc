// SPDX-License-Identifier: Apache-2.0
// Functions of whole numbers.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

constexpr Matrix kShapes[] = {{1024, 1024}, {4096, 4096}};

}  // namespace

void IntegerRows(Bench* bench) {
  for (const auto& [rows, columns] : bench->Choose(kShapes, kSmallMatrices)) {
    const std::vector<int64_t> shape = {rows, columns};
    for (const DLDataType type : {kS32, kS64}) {
      const std::string name = NameOf(type) + '/' + ShapeText(shape);
      bench->Row("integer_binary", "add/" + name, [&] {
        const Tensor a(type, shape);
        const Tensor b(type, shape);
        const Tensor out(type, shape);
        bench->Measure({3.0 * out.bytes()}, [&] {
          BENCH_CHECK(octet_integer_binary(OCTET_INTEGER_ADD, a.dl(), b.dl(), out.dl(), nullptr));
        });
      });
      bench->Row("integer_reduce", "sum_of_rows/" + name, [&] {
        const Tensor x(type, shape);
        const Tensor out(type, {shape[0]});
        const int32_t dim = 1;
        bench->Measure({x.bytes() + out.bytes()}, [&] {
          BENCH_CHECK(octet_integer_reduce(OCTET_REDUCE_SUM, x.dl(), &dim, 1, out.dl(), nullptr));
        });
      });
      bench->Row("integer_argmax", name, [&] {
        const Tensor x(type, shape);
        const Tensor out(kS64, {shape[0]});
        bench->Measure({x.bytes() + out.bytes()},
                       [&] { BENCH_CHECK(octet_integer_argmax(x.dl(), 1, out.dl(), nullptr)); });
      });
      bench->Row("cumulative_sum", "rows/" + name, [&] {
        const Tensor x(type, shape);
        const Tensor out(type, shape);
        bench->Measure({x.bytes() + out.bytes()},
                       [&] { BENCH_CHECK(octet_cumulative_sum(x.dl(), 1, out.dl(), nullptr)); });
      });
    }
  }
}

}  // namespace bench
}  // namespace octet
