// SPDX-License-Identifier: Apache-2.0
#include "octet/recurrent.h"

#include <algorithm>
#include <cinttypes>

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/recurrent_layers.h"
#include "api/words.h"
#include "cpu/recurrent.h"

namespace octet {
namespace api {
namespace {

/** Checked arguments. */
struct Arguments {
  RecurrentShape shape;
  Operand x;
  int64_t steps = 0;
  int64_t batch = 0;
  TensorView h_0, c_0, h_n, c_n, out;
};

/** Whether the sizes of what lies in a workspace stay far from overflow. */
bool Fits(const RecurrentShape& shape, int64_t steps, int64_t batch) {
  constexpr int64_t kMost = int64_t{1} << 52;
  const int64_t columns = std::max({GatesOf(shape.cell) * shape.hidden, shape.inputs, shape.columns(), int64_t{1}});
  int64_t rows = 0, elements = 0;
  return !__builtin_mul_overflow(steps, batch, &rows) && !__builtin_mul_overflow(rows, columns, &elements) &&
         elements <= kMost;
}

/** data: whether elements of x are to be read. */
octet_status ReadX(Checker* check, const octet_recurrent_layers* layers, const DLTensor* x, const octet_grid* x_grid,
                   bool data, Arguments* arguments) {
  TensorView& view = arguments->x.view;
  DLTensor shape_only;
  if (!data && x != nullptr) {
    shape_only = *x;
    // Any address that is not null: it is not used.
    if (shape_only.data == nullptr) shape_only.data = &shape_only;
    x = &shape_only;
  }
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, kFloatOrByteTypes, Role::kInput, &view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"x", &view}, 3, "[T, B, inputs]"));
  OCTET_RETURN_IF_ERROR(check->DimsWithoutGaps({"x", &view}, 1));
  if (data) {
    OCTET_RETURN_IF_ERROR(ReadGridOf(check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, &arguments->x));
  }
  OCTET_RETURN_IF_ERROR(ReadRecurrentShape(check, layers, &arguments->shape));
  arguments->steps = view.shape[0];
  arguments->batch = view.shape[1];
  if (view.shape[2] != arguments->shape.inputs) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: x has shape %s; expected [T, B, %" PRId64 "], the inputs of layers.weights[0].input_weights",
                check->function(), ListWords(view.shape, 3).text, arguments->shape.inputs);
  }
  if (Fits(arguments->shape, arguments->steps, arguments->batch)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s; expected T * B * (gates, inputs or outputs) up to 2^52",
              check->function(), ListWords(view.shape, 3).text);
}

octet_status ReadShaped(Checker* check, const Named& named, const DLTensor* tensor, Role role,
                        const int64_t (&shape)[3], TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(named.name, tensor, kF32Only, role, view));
  const bool same = view->ndim == 3 && std::equal(shape, shape + 3, view->shape);
  if (!same) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected %s", check->function(), named.name,
                ListWords(view->shape, view->ndim).text, ListWords(shape, 3).text);
  }
  return check->DimsWithoutGaps(named, 1);
}

octet_status ReadStates(Checker* check, const octet_recurrent_states& states, Arguments* arguments) {
  const RecurrentShape& shape = arguments->shape;
  if (shape.cell != RecurrentCell::kLstm && (states.c_0 != nullptr || states.c_n != nullptr)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: states.%s is given for a cell that is no LSTM; expected null",
                check->function(), states.c_0 != nullptr ? "c_0" : "c_n");
  }
  const int64_t outputs[3] = {shape.count(), arguments->batch, shape.outputs};
  const int64_t cells[3] = {shape.count(), arguments->batch, shape.hidden};
  const auto read = [&](const char* name, const DLTensor* tensor, Role role, const int64_t(&expected)[3],
                        TensorView* view) {
    return tensor == nullptr ? OCTET_OK : ReadShaped(check, {name, view}, tensor, role, expected, view);
  };
  OCTET_RETURN_IF_ERROR(read("states.h_0", states.h_0, Role::kInput, outputs, &arguments->h_0));
  OCTET_RETURN_IF_ERROR(read("states.c_0", states.c_0, Role::kInput, cells, &arguments->c_0));
  OCTET_RETURN_IF_ERROR(read("states.h_n", states.h_n, Role::kOutput, outputs, &arguments->h_n));
  return read("states.c_n", states.c_n, Role::kOutput, cells, &arguments->c_n);
}

octet_status CheckOverlap(const Checker& check, const Arguments& arguments) {
  const Named x = {"x", &arguments.x.view};
  const Named h_0 = {"states.h_0", &arguments.h_0};
  const Named c_0 = {"states.c_0", &arguments.c_0};
  const Named h_n = {"states.h_n", &arguments.h_n};
  const Named c_n = {"states.c_n", &arguments.c_n};
  const Named out = {"out", &arguments.out};
  OCTET_RETURN_IF_ERROR(check.NoOverlap({out, h_n, c_n}, {x}, nullptr));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({out}, {h_0, c_0}, nullptr));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({h_n}, {h_0, c_0}, h_n.view));
  return check.NoOverlap({c_n}, {c_0, h_0}, c_n.view);
}

StepRows RowsOf(const TensorView& view) {
  StepRows rows;
  rows.data = view.data;
  if (view.count == 0) return rows;
  rows.step_stride = view.strides[0] * view.item_size();
  rows.row_stride = view.strides[1] * view.item_size();
  return rows;
}

/** The rows of state number `index`; none of no state. */
RowsView StateOf(const TensorView& view, int index) {
  if (view.data == nullptr || view.count == 0) return {};
  return {view.data + index * view.strides[0] * 4, ElementType::kF32, view.strides[1] * 4};
}

RecurrentSizes SizesOf(const Arguments& arguments, int layer, const StepRows& x) {
  const RecurrentShape& shape = arguments.shape;
  RecurrentSizes sizes;
  sizes.cell = shape.cell;
  sizes.steps = arguments.steps;
  sizes.batch = arguments.batch;
  sizes.inputs = shape.inputs_of(layer);
  sizes.hidden = shape.hidden;
  sizes.outputs = shape.outputs;
  sizes.projected = shape.projected;
  sizes.even_rows = sizes.steps <= 1 || sizes.batch <= 1 || x.step_stride == sizes.batch * x.row_stride;
  return sizes;
}

/** The outputs of layers on the way, [T, B, directions * outputs] without gaps, in the first bytes of a workspace. */
struct Between {
  explicit Between(const Arguments& arguments)
      : row_stride(arguments.shape.columns() * 4),
        step_stride(arguments.batch * row_stride),
        layer_bytes(RoundUp(arguments.steps * step_stride, kRecurrentAlignment)),
        bytes(layer_bytes * std::min(2, arguments.shape.layers - 1)) {}

  StepRows Of(int layer, char* workspace) const {
    return {workspace + (layer % 2) * layer_bytes, step_stride, row_stride};
  }

  int64_t row_stride;
  int64_t step_stride;
  int64_t layer_bytes;
  int64_t bytes;
};

octet_status DirectionBytes(const Checker& check, const RecurrentSizes& sizes, size_t* bytes) {
  if (check.on_cuda()) {
    return RunOnCuda(check, nullptr, CudaTable()->recurrent.workspace_size, &sizes, bytes);
  }
  *bytes = cpu::RecurrentWorkspaceSize(sizes);
  return OCTET_OK;
}

octet_status WorkspaceBytes(const Checker& check, const Arguments& arguments, size_t* bytes) {
  *bytes = 0;
  if (arguments.batch == 0) return OCTET_OK;
  OCTET_RETURN_IF_ERROR(DirectionBytes(check, SizesOf(arguments, 0, RowsOf(arguments.x.view)), bytes));
  if (arguments.shape.layers == 1) return OCTET_OK;
  const Between between(arguments);
  size_t later = 0;
  OCTET_RETURN_IF_ERROR(DirectionBytes(check, SizesOf(arguments, 1, between.Of(0, nullptr)), &later));
  *bytes = static_cast<size_t>(between.bytes) + std::max(*bytes, later);
  return OCTET_OK;
}

octet_status WorkspaceSize(const octet_recurrent_layers* layers, const DLTensor* x, size_t* bytes) {
  Checker check("octet_recurrent_workspace_size");
  Arguments arguments;
  OCTET_RETURN_IF_ERROR(ReadX(&check, layers, x, nullptr, false, &arguments));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, arguments, bytes);
}

octet_status RunDirection(const Checker& check, const RecurrentCall& call, const RecurrentDirection& direction,
                          char* workspace, void* stream) {
  if (check.on_cuda()) {
    const RecurrentWeights<DeviceFloatWeights> weights = {direction.input.OnDevice(), direction.hidden.OnDevice(),
                                                          direction.projection.OnDevice()};
    return RunOnCuda(check, stream, CudaTable()->recurrent.run, &call, &weights, static_cast<void*>(workspace));
  }
  const auto on_host = [](const PlacedFloat& weights) {
    cpu::FloatWeights result;
    if (weights.has_codes) {
      result.codes = &weights.codes.on_host;
    } else {
      result.floats = &weights.on_host;
    }
    return result;
  };
  cpu::Recurrent(call, {on_host(direction.input), on_host(direction.hidden), on_host(direction.projection)}, workspace);
  return OCTET_OK;
}

/** The arguments besides the operands. */
struct Rest {
  void* workspace;
  size_t workspace_bytes;
  void* stream;
};

octet_status RunLayers(Checker* check, const octet_recurrent_layers& layers, const Arguments& arguments,
                       const Rest& rest) {
  const RecurrentShape& shape = arguments.shape;
  const Between between(arguments);
  char* const workspace = static_cast<char*>(rest.workspace);
  for (int index = 0; index < shape.count(); ++index) {
    const int layer = index / shape.directions;
    RecurrentDirection direction;
    OCTET_RETURN_IF_ERROR(ReadRecurrentDirection(check, layers, shape, index, &direction));
    RecurrentCall call;
    call.reverse = index % shape.directions == 1;
    if (layer == 0) {
      call.x = RowsOf(arguments.x.view);
      call.x_type = arguments.x.view.type;
      call.x_step = arguments.x.step;
    } else {
      call.x = between.Of(layer - 1, workspace);
    }
    call.sizes = SizesOf(arguments, layer, call.x);
    call.input_bias = direction.input_bias;
    call.hidden_bias = direction.hidden_bias;
    call.h_0 = StateOf(arguments.h_0, index);
    call.c_0 = StateOf(arguments.c_0, index);
    call.h_n = StateOf(arguments.h_n, index);
    call.c_n = StateOf(arguments.c_n, index);
    call.out = layer == shape.layers - 1 ? RowsOf(arguments.out) : between.Of(layer, workspace);
    if (call.out.data != nullptr) call.out.data += (index % shape.directions) * shape.outputs * 4;
    OCTET_RETURN_IF_ERROR(RunDirection(*check, call, direction, workspace + between.bytes, rest.stream));
  }
  return OCTET_OK;
}

octet_status Recurrent(const octet_recurrent_layers* layers, const DLTensor* x, const octet_grid* x_grid,
                       const octet_recurrent_states* states, DLTensor* out, const Rest& rest) {
  Checker check("octet_recurrent");
  Arguments arguments;
  OCTET_RETURN_IF_ERROR(ReadX(&check, layers, x, x_grid, true, &arguments));
  if (states != nullptr) OCTET_RETURN_IF_ERROR(ReadStates(&check, *states, &arguments));
  const int64_t shape[3] = {arguments.steps, arguments.batch, arguments.shape.columns()};
  OCTET_RETURN_IF_ERROR(ReadShaped(&check, {"out", &arguments.out}, out, Role::kOutput, shape, &arguments.out));
  OCTET_RETURN_IF_ERROR(CheckOverlap(check, arguments));
  if (!check.on_cuda()) OCTET_RETURN_IF_ERROR(check.Stream(rest.stream));
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, arguments, &needed));
  OCTET_RETURN_IF_ERROR(check.Workspace(rest.workspace, rest.workspace_bytes, needed));
  return arguments.batch == 0 ? OCTET_OK : RunLayers(&check, *layers, arguments, rest);
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_recurrent_workspace_size(const octet_recurrent_layers* layers, const DLTensor* x, size_t* bytes) {
  return octet::api::Guarded("octet_recurrent_workspace_size",
                             [&] { return octet::api::WorkspaceSize(layers, x, bytes); });
}

octet_status octet_recurrent(const octet_recurrent_layers* layers, const DLTensor* x, const octet_grid* x_grid,
                             const octet_recurrent_states* states, DLTensor* out, void* workspace,
                             size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_recurrent", [&] {
    return octet::api::Recurrent(layers, x, x_grid, states, out, {workspace, workspace_bytes, stream});
  });
}
