// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Global;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Named;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.util.List;

/**
 * What classes and functions mean in the pickle of a torch.save archive that holds data alone:
 * tensors, parameters, dicts, lists, numbers and strings.
 */
final class SavePickles implements PickleDialect {
  private static final String PARAMETER = "_rebuild_parameter";
  private static final int TENSOR_PARTS = 6;

  private final EntrySite site;
  private final StoragePickles storages;

  SavePickles(EntrySite site, StoragePickles storages) {
    this.site = site;
    this.storages = storages;
  }

  @Override
  public PickleValue global(String module, String name, long offset) {
    Global global = new Global(module, name);
    if (module.equals("torch") && StorageType.ofDtype(name) != null) {
      return new Named("torch.dtype");
    }
    boolean known =
        StoragePickles.isStorageClass(module, name)
            || global.is(StoragePickles.UTILS, StoragePickles.REBUILD_TENSOR)
            || global.is(StoragePickles.UTILS, PARAMETER)
            || global.is("collections", "OrderedDict")
            || global.is("torch", "Size")
            || global.is("torch", "device");
    if (!known) {
      throw site.at(
          offset,
          "has an object of the class "
              + global.qualified()
              + ", which is no data; nothing of a file is run. Save model.state_dict() alone, in"
              + " Python: torch.save(model.state_dict(), path)");
    }
    return global;
  }

  @Override
  public PickleValue call(PickleValue function, PickleValue argument, long offset) {
    if (!(function instanceof Global global) || !(argument instanceof Tuple tuple)) {
      throw site.at(offset, function.words() + " is called with " + argument.words());
    }
    List<PickleValue> arguments = tuple.items();
    if (global.is(StoragePickles.UTILS, StoragePickles.REBUILD_TENSOR)) {
      return tensor(arguments, offset);
    }
    if (global.is(StoragePickles.UTILS, PARAMETER)
        && arguments.size() == 3
        && arguments.get(0) instanceof StoredTensor tensor) {
      return tensor;
    }
    if (global.is("collections", "OrderedDict") && arguments.isEmpty()) {
      return new Mapping();
    }
    if (global.is("torch", "Size") && arguments.size() == 1) {
      return arguments.get(0);
    }
    if (global.is("torch", "device") && !arguments.isEmpty()) {
      return new Named("torch.device");
    }
    throw site.at(
        offset, global.qualified() + " is called with " + argument.words() + " of other contents");
  }

  private PickleValue tensor(List<PickleValue> arguments, long offset) {
    if (arguments.size() != TENSOR_PARTS && arguments.size() != TENSOR_PARTS + 1
        || !(StoragePickles.plain(arguments.get(4)) instanceof Boolean)) {
      throw site.at(offset, "a tensor of " + arguments.size() + " parts, expected 6 or 7");
    }
    if (arguments.size() > TENSOR_PARTS && arguments.get(TENSOR_PARTS) != Scalar.NONE) {
      storages.checkFlags(arguments.get(TENSOR_PARTS), offset);
    }
    return storages.tensor(arguments, null, offset);
  }

  @Override
  public PickleValue make(PickleValue type, PickleValue arguments, long offset) {
    throw site.at(offset, "an object of " + type.words() + " is made, expected data alone");
  }

  /** A state dict has the versions of its modules as an attribute, which do not matter here. */
  @Override
  public PickleValue build(PickleValue object, PickleValue state, long offset) {
    if (!(object instanceof Mapping)) {
      throw site.at(offset, object.words() + " gets a state, expected a dict");
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
