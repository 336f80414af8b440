// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Global;
import dev.octet.quantization.archive.PickleValue.Instance;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Named;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.Sequence;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What classes and functions mean in the pickles of a TorchScript archive. */
final class ScriptPickles implements PickleDialect {
  private static final String PICKLE = "torch.jit._pickle";
  private static final Set<String> BUILD_LIST =
      Set.of("build_intlist", "build_tensorlist", "build_doublelist", "build_boollist");
  private static final String RESTORE_TYPE = "restore_type_tag";
  private static final Pattern CLASS_NAME = Pattern.compile("__torch__(\\.\\w+)*");
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_]\\w*");
  private static final String NATIVE_CLASSES = "__torch__.torch.classes";
  private static final Pattern DEVICE = Pattern.compile("[a-z]{2,16}(:[0-9]{1,3})?");

  private final EntrySite site;
  private final StoragePickles storages;
  private final List<TypedValue> typed = new ArrayList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final List<EnumValue> enums = new ArrayList<>();

  ScriptPickles(EntrySite site, StoragePickles storages) {
    this.site = site;
    this.storages = storages;
  }

  /** A list or dict whose type the pickle gives as text. */
  record TypedValue(PickleValue value, String type, long offset) {}

  /** A value of an enumeration, by what it stands for. */
  record EnumValue(Named value, Global type, Scalar content, long offset) {}

  /** The lists and dicts that the pickle gives a type. */
  List<TypedValue> typed() {
    return Collections.unmodifiableList(typed);
  }

  /** The objects, children before parents. */
  List<Instance> instances() {
    return Collections.unmodifiableList(instances);
  }

  /** The values of enumerations. */
  List<EnumValue> enums() {
    return Collections.unmodifiableList(enums);
  }

  @Override
  public PickleValue global(String module, String name, long offset) {
    Global global = new Global(module, name);
    if (StoragePickles.isStorageClass(module, name) || isFunction(global)) {
      return global;
    }
    if (!CLASS_NAME.matcher(module).matches() || !IDENTIFIER.matcher(name).matches()) {
      throw site.at(
          offset,
          "names the class or function "
              + global.qualified()
              + ", which torch does not write in a TorchScript archive"
              + (global.is(StoragePickles.UTILS, "_rebuild_qtensor")
                  ? " of a float model: it makes torch's quantized tensors"
                  : ""));
    }
    if (module.startsWith(NATIVE_CLASSES)) {
      throw site.at(
          offset,
          "has an object of the native class "
              + global.qualified()
              + ", which runs code when it is loaded"
              + (module.contains(".quantized") || module.contains(".rnn")
                  ? ": the model was quantized by torch, convert the float model here instead"
                  : ""));
    }
    return global;
  }

  private static boolean isFunction(Global global) {
    return global.is(StoragePickles.UTILS, StoragePickles.REBUILD_TENSOR)
        || global.is("collections", "OrderedDict")
        || global.is("torch", "device")
        || global.is("builtins", "complex")
        || global.module().equals(PICKLE)
            && (BUILD_LIST.contains(global.name()) || global.name().equals(RESTORE_TYPE));
  }

  @Override
  public PickleValue call(PickleValue function, PickleValue argument, long offset) {
    if (!(function instanceof Global global)) {
      throw site.at(offset, function.words() + " is called, expected a function");
    }
    if (CLASS_NAME.matcher(global.module()).matches()) {
      return enumValue(global, argument, offset);
    }
    List<PickleValue> arguments = argument instanceof Tuple tuple ? tuple.items() : null;
    if (arguments == null) {
      throw site.at(offset, global.qualified() + " is called with " + argument.words());
    }
    if (global.is(StoragePickles.UTILS, StoragePickles.REBUILD_TENSOR)) {
      return tensor(arguments, offset);
    }
    if (global.is("collections", "OrderedDict") && arguments.isEmpty()) {
      return Scalar.NONE;
    }
    if (global.is("torch", "device")
        && arguments.size() == 1
        && StoragePickles.plain(arguments.get(0)) instanceof String device
        && DEVICE.matcher(device).matches()) {
      return new Named("torch.device");
    }
    if (global.is("builtins", "complex")
        && arguments.size() == 2
        && arguments.stream().allMatch(a -> StoragePickles.plain(a) instanceof Double)) {
      return new Named("complex");
    }
    if (BUILD_LIST.contains(global.name())
        && arguments.size() == 1
        && arguments.get(0) instanceof Sequence list) {
      return uniform(global, list, offset);
    }
    if (global.is(PICKLE, RESTORE_TYPE)
        && arguments.size() == 2
        && (arguments.get(0) instanceof Sequence || arguments.get(0) instanceof Mapping)
        && StoragePickles.plain(arguments.get(1)) instanceof String type) {
      typed.add(new TypedValue(arguments.get(0), type, offset));
      return arguments.get(0);
    }
    throw site.at(
        offset, global.qualified() + " is called with " + argument.words() + " of other contents");
  }

  private PickleValue uniform(Global global, Sequence list, long offset) {
    String kind = global.name();
    for (PickleValue item : list.items()) {
      Object plain = StoragePickles.plain(item);
      boolean fits =
          switch (kind) {
            case "build_intlist" -> plain instanceof Long;
            case "build_doublelist" -> plain instanceof Double;
            case "build_boollist" -> plain instanceof Boolean;
            default -> plain instanceof PickleValue.StoredTensor;
          };
      if (!fits) {
        throw site.at(offset, kind + " is called with a list that has " + item.words());
      }
    }
    return list;
  }

  private PickleValue tensor(List<PickleValue> arguments, long offset) {
    if (arguments.size() != 6 && arguments.size() != 7
        || !(StoragePickles.plain(arguments.get(4)) instanceof Boolean)
        || arguments.get(5) != Scalar.NONE) {
      throw site.at(offset, "a tensor of " + arguments.size() + " parts, expected 6 or 7");
    }
    if (arguments.size() == 7) {
      storages.checkFlags(arguments.get(6), offset);
    }
    return storages.tensor(arguments, null, offset);
  }

  private PickleValue enumValue(Global type, PickleValue content, long offset) {
    if (!(content instanceof Scalar scalar)) {
      throw site.at(offset, type.qualified() + " is called with " + content.words());
    }
    Named value = new Named(type.qualified());
    enums.add(new EnumValue(value, type, scalar, offset));
    return value;
  }

  @Override
  public PickleValue make(PickleValue type, PickleValue arguments, long offset) {
    if (!(type instanceof Global global)
        || !CLASS_NAME.matcher(global.module()).matches()
        || !(arguments instanceof Tuple tuple)
        || !tuple.items().isEmpty()) {
      throw site.at(
          offset,
          "an object of "
              + type.words()
              + " is made from "
              + arguments.words()
              + ", expected a class of the archive and no arguments");
    }
    return new Instance(global);
  }

  @Override
  public PickleValue build(PickleValue object, PickleValue state, long offset) {
    if (!(object instanceof Instance instance) || instance.state() != null) {
      throw site.at(offset, object.words() + " gets a state, expected a new object");
    }
    instance.state(state);
    instances.add(instance);
    return instance;
  }

  @Override
  public PickleValue persistent(PickleValue id, long offset) {
    return storages.storage(id, offset);
  }

  @Override
  public boolean anyLongs() {
    return false;
  }
}
