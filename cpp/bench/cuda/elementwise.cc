// SPDX-License-Identifier: Apache-2.0
// Functions of one and of two values, comparisons, choices and look-ups.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

struct Types {
  DLDataType in, out;
};

constexpr Types kTypes[] = {{kF32, kF32}, {kF16, kF16}, {kF16, kS8}, {kS8, kS8}};

struct Function {
  const char* name;
  octet_unary_function function;
};

constexpr Function kFunctions[] = {{"gelu_erf", OCTET_GELU_ERF}, {"silu", OCTET_SILU}, {"exp", OCTET_EXP}};

void Unary(Bench* bench, const std::vector<int64_t>& shape, const Types& types, octet_unary_function function) {
  const Grid grid(kS8, 0.02f);
  const Grid out_grid(kS8, 0.03f);
  const Tensor x(types.in, shape);
  const Tensor out(types.out, shape);
  bench->Measure({x.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(
        octet_unary(function, 0.0f, 0.0f, x.dl(), grid.For(types.in), out.dl(), out_grid.For(types.out), nullptr));
  });
}

/** b has the shape of a, or is a row or a column that is repeated. */
void Binary(Bench* bench, const std::vector<int64_t>& shape, const std::vector<int64_t>& b_shape, const Types& types,
            octet_binary_function function) {
  const Grid grid(kS8, 0.02f);
  const Grid out_grid(kS8, 0.03f);
  const Tensor a(types.in, shape);
  const Tensor b(types.in, b_shape);
  const Tensor out(types.out, shape);
  bench->Measure({a.bytes() + b.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(octet_binary(function, a.dl(), grid.For(types.in), b.dl(), grid.For(types.in), OCTET_ACTIVATION_RELU,
                             out.dl(), out_grid.For(types.out), nullptr));
  });
}

void Compare(Bench* bench, const std::vector<int64_t>& shape, DLDataType type) {
  const Grid grid(kS8, 0.02f);
  const Tensor a(type, shape);
  const Tensor b(type, shape);
  const Tensor out(kBool, shape);
  bench->Measure({a.bytes() + b.bytes() + out.bytes()}, [&] {
    BENCH_CHECK(octet_compare(OCTET_LESS, a.dl(), grid.For(type), b.dl(), grid.For(type), out.dl(), nullptr));
  });
}

void Where(Bench* bench, const std::vector<int64_t>& shape, DLDataType type) {
  const Tensor mask(kBool, shape);
  const Tensor a(type, shape);
  const Tensor b(type, shape);
  const Tensor out(type, shape);
  bench->Measure({mask.bytes() + 3.0 * out.bytes()},
                 [&] { BENCH_CHECK(octet_where(mask.dl(), a.dl(), b.dl(), out.dl(), nullptr)); });
}

void LookUp(Bench* bench, const std::vector<int64_t>& shape) {
  const Tensor table(kU8, {256});
  const Tensor x(kS8, shape);
  const Tensor out(kS8, shape);
  bench->Measure({x.bytes() + out.bytes()}, [&] { BENCH_CHECK(octet_look_up(table.dl(), x.dl(), out.dl(), nullptr)); });
}

}  // namespace

void ElementwiseRows(Bench* bench) {
  for (const auto& [rows, columns] : bench->Choose(kMatrices, kSmallMatrices)) {
    const std::vector<int64_t> shape = {rows, columns};
    const std::string sizes = '/' + ShapeText(shape);
    for (const Types& types : kTypes) {
      const std::string names = '/' + NameOf(types.in) + '-' + NameOf(types.out) + sizes;
      for (const auto& [name, function] : kFunctions) {
        bench->Row("unary", name + names, [&, function = function] { Unary(bench, shape, types, function); });
      }
      bench->Row("binary", "add_relu" + names, [&] { Binary(bench, shape, shape, types, OCTET_ADD); });
      bench->Row("binary", "multiply_row" + names, [&] { Binary(bench, shape, {1, shape[1]}, types, OCTET_MUL); });
      bench->Row("binary", "multiply_column" + names, [&] { Binary(bench, shape, {shape[0], 1}, types, OCTET_MUL); });
    }
    for (const DLDataType type : {kF32, kF16, kS8}) {
      const std::string name = NameOf(type) + sizes;
      bench->Row("compare", "less/" + name, [&] { Compare(bench, shape, type); });
      bench->Row("where", name, [&] { Where(bench, shape, type); });
    }
    bench->Row("look_up", "s8-s8" + sizes, [&] { LookUp(bench, shape); });
  }
}

}  // namespace bench
}  // namespace octet
