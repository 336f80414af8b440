// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Global;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Named;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.Sequence;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.util.List;
import java.util.Set;

/**
 * What classes and functions mean in the pickle of a {@code torch.save} archive, as far as they are
 * data: tensors, parameters, dicts and plain values. What else a pickle names is refused.
 */
final class SavePickles implements PickleDialect {
  private static final Set<String> FUNCTIONS =
      Set.of(
          "collections.OrderedDict",
          "torch._utils._rebuild_tensor",
          "torch._utils._rebuild_tensor_v2",
          "torch._utils._rebuild_tensor_v3",
          "torch._utils._rebuild_parameter",
          "torch._utils._rebuild_parameter_with_state",
          "torch._tensor._rebuild_from_type_v2",
          "torch.Size",
          "torch.device",
          "torch.Tensor",
          "torch.nn.parameter.Parameter",
          "torch.jit._pickle.build_intlist",
          "torch.jit._pickle.build_tensorlist",
          "torch.jit._pickle.build_doublelist",
          "torch.jit._pickle.build_boollist",
          "torch.jit._pickle.restore_type_tag",
          "builtins.complex",
          "builtins.set",
          "__builtin__.complex",
          "__builtin__.set",
          "_codecs.encode");
  private static final int MAX_REBUILDS = 8;

  private final EntrySite site;
  private final StoragePickles storages;

  SavePickles(EntrySite site, StoragePickles storages) {
    this.site = site;
    this.storages = storages;
  }

  @Override
  public PickleValue global(String module, String name, long offset) {
    Global global = new Global(module, name);
    if (StoragePickles.isStorageClass(module, name) || FUNCTIONS.contains(global.qualified())) {
      return global;
    }
    if (module.equals("torch") && StorageType.ofDtype(name) != null) {
      return new Dtype(StorageType.ofDtype(name));
    }
    throw site.at(
        offset,
        "has an object of class "
            + global.qualified()
            + (name.startsWith("_rebuild_")
                ? ", a kind of tensor that is not read here: save plain, dense tensors"
                : ", which is no data, and nothing is executed here: save model.state_dict()"
                    + " (with tensors, numbers and strings beside it) instead"));
  }

  /** An element type as a value. */
  private static final class Dtype extends PickleValue {
    private final StorageType type;

    Dtype(StorageType type) {
      this.type = type;
    }

    @Override
    String words() {
      return "the type torch." + type.dtype();
    }
  }

  @Override
  public PickleValue call(PickleValue function, PickleValue argument, long offset) {
    if (!(function instanceof Global global) || !(argument instanceof Tuple arguments)) {
      throw site.at(offset, function.words() + " is called with " + argument.words());
    }
    return call(global, arguments.items(), offset, 0);
  }

  private PickleValue call(Global global, List<PickleValue> arguments, long offset, int depth) {
    return switch (global.qualified()) {
      case "collections.OrderedDict" -> dict(arguments, offset);
      case "torch._utils._rebuild_tensor" -> tensor(arguments, 4, null, offset);
      case "torch._utils._rebuild_tensor_v2" -> {
        if (arguments.size() > 6) {
          storages.checkFlags(arguments.get(6), offset);
        }
        yield tensor(arguments, 6, null, offset);
      }
      case "torch._utils._rebuild_tensor_v3" -> {
        if (arguments.size() < 7 || !(arguments.get(6) instanceof Dtype dtype)) {
          throw site.at(offset, "a tensor without an element type");
        }
        yield tensor(arguments, 7, dtype.type, offset);
      }
      case "torch._utils._rebuild_parameter",
          "torch._utils._rebuild_parameter_with_state",
          "torch.jit._pickle.build_intlist",
          "torch.jit._pickle.build_tensorlist",
          "torch.jit._pickle.build_doublelist",
          "torch.jit._pickle.build_boollist",
          "torch.jit._pickle.restore_type_tag",
          "torch.Size" ->
          first(global, arguments, offset);
      case "torch._tensor._rebuild_from_type_v2" -> {
        if (arguments.size() != 4
            || !(arguments.get(0) instanceof Global inner)
            || !(arguments.get(2) instanceof Tuple innerArguments)
            || depth == MAX_REBUILDS) {
          throw site.at(offset, "a tensor of a class of its own, of other parts than torch writes");
        }
        yield call(inner, innerArguments.items(), offset, depth + 1);
      }
      case "torch.device" -> new Named("torch.device");
      case "builtins.complex", "__builtin__.complex" -> new Named("complex");
      case "builtins.set", "__builtin__.set" -> new Named("set");
      case "_codecs.encode" -> new Named("bytes");
      default -> throw site.at(offset, global.qualified() + " is called, expected a function");
    };
  }

  private PickleValue first(Global global, List<PickleValue> arguments, long offset) {
    if (arguments.isEmpty()) {
      throw site.at(offset, global.qualified() + " is called without arguments");
    }
    return arguments.get(0);
  }

  private StoredTensor tensor(
      List<PickleValue> arguments, int least, StorageType dtype, long offset) {
    if (arguments.size() < least) {
      throw site.at(
          offset, "a tensor of " + arguments.size() + " parts, expected at least " + least);
    }
    return storages.tensor(arguments, dtype, offset);
  }

  private Mapping dict(List<PickleValue> arguments, long offset) {
    Mapping dict = new Mapping();
    if (arguments.isEmpty()) {
      return dict;
    }
    // As Python 2 wrote them: a list of pairs.
    List<PickleValue> pairs =
        arguments.size() == 1 && arguments.get(0) instanceof Sequence list ? list.items() : null;
    if (pairs == null) {
      throw site.at(offset, "an OrderedDict of " + arguments.get(0).words());
    }
    for (PickleValue pair : pairs) {
      List<PickleValue> parts =
          pair instanceof Sequence list
              ? list.items()
              : pair instanceof Tuple tuple ? tuple.items() : List.of();
      if (parts.size() != 2 || !dict.put(parts.get(0), parts.get(1))) {
        throw site.at(offset, "an OrderedDict of " + pair.words() + ", expected pairs");
      }
    }
    return dict;
  }

  @Override
  public PickleValue make(PickleValue type, PickleValue arguments, long offset) {
    throw site.at(offset, "makes an object of " + type.words() + ", which is no data");
  }

  /** The state of a dict is what Python keeps beside its entries, such as the modules' versions. */
  @Override
  public PickleValue build(PickleValue object, PickleValue state, long offset) {
    if (!(object instanceof Mapping) || !(state instanceof Mapping || state == Scalar.NONE)) {
      throw site.at(
          offset, object.words() + " gets " + state.words() + " as a state, which is no data");
    }
    return object;
  }

  @Override
  public PickleValue persistent(PickleValue id, long offset) {
    return storages.storage(id, offset);
  }

  @Override
  public boolean anyLongs() {
    return true;
  }
}
