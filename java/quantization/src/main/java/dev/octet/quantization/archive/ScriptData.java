// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Instance;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A pickle of a TorchScript archive, compared with the archive's code. */
final class ScriptData {
  private static final String SET_STATE = "__setstate__";
  private static final String GET_STATE = "__getstate__";
  // Every reference to a storage makes libtorch read its bytes anew.
  private static final int MAX_COPIES = 4;
  // Constants are compared and printed part by part.
  private static final long MAX_CONSTANT_PARTS = 1_000_000;
  private static final long MAX_COPIED_BYTES = 64L << 20;

  private final EntrySite site;
  private final StoragePickles storages;
  private final ScriptPickles dialect;
  private final PickleValue root;

  private ScriptData(EntrySite site, ZipArchive archive, String folder, byte[] bytes) {
    this.site = site;
    this.storages = new StoragePickles(site, archive, folder);
    this.dialect = new ScriptPickles(site, storages);
    this.root = PickleReader.read(site, bytes, dialect);
    if (storages.bytesReferenced() > MAX_COPIES * archive.fileSize() + MAX_COPIED_BYTES) {
      throw site.whole(
          "refers to storages again and again, to "
              + storages.bytesReferenced()
              + " bytes in a file of "
              + archive.fileSize());
    }
  }

  /** Reads a pickle whose tensors lie in a folder of the archive. */
  static ScriptData read(ZipArchive archive, String name, String folder, byte[] bytes) {
    return new ScriptData(
        new EntrySite(archive.path(), archive.folder() + name), archive, folder, bytes);
  }

  PickleValue root() {
    return root;
  }

  /** Bytes of all storages. */
  long storageBytes() {
    return storages.uniqueBytes();
  }

  /** What is known of the parts of a tuple, for code that uses them as constants. */
  List<ScriptFacts> facts() {
    if (!(root instanceof Tuple tuple)) {
      throw site.whole("is " + root.words() + ", expected a tuple of constants");
    }
    return tuple.items().stream().map(this::facts).toList();
  }

  private ScriptFacts facts(PickleValue value) {
    if (value.weight() > MAX_CONSTANT_PARTS) {
      throw site.whole("has a constant of more than " + MAX_CONSTANT_PARTS + " parts");
    }
    if (value instanceof StoredTensor) {
      return ScriptFacts.UNKNOWN;
    }
    long text = StoragePickles.plain(value) instanceof String string ? string.length() : 0;
    return new ScriptFacts(true, text, Math.max(1, value.weight()));
  }

  /** The qualified names of the classes that there are objects of. */
  Set<String> classNames() {
    Set<String> names = new LinkedHashSet<>();
    dialect.instances().forEach(instance -> names.add(instance.type().qualified()));
    return names;
  }

  /**
   * Compares all values with the types that the code gives them.
   *
   * @throws ModelFileException if one does not fit, or has code that would run when it is loaded
   */
  void check(ScriptCode code) {
    ValueTypes types = new ValueTypes(code);
    for (ScriptPickles.EnumValue value : dialect.enums()) {
      checkEnum(value, code);
    }
    for (Instance instance : dialect.instances()) {
      checkInstance(instance, code, types);
    }
    for (ScriptPickles.TypedValue value : dialect.typed()) {
      String problem = types.problem(value.value(), ScriptExpressions.type(site, value.type()));
      if (problem != null) {
        throw site.at(
            value.offset(), "a value said to be of type " + value.type() + " is or has " + problem);
      }
    }
  }

  private void checkEnum(ScriptPickles.EnumValue value, ScriptCode code) {
    String name = value.type().qualified();
    ScriptClass type = code.find(name);
    if (type == null || !type.isEnum()) {
      throw site.at(value.offset(), "a value of " + name + ", which is no enumeration of the code");
    }
    if (type.constants().values().stream()
        .noneMatch(member -> ScriptLiterals.matches(member, value.content().value()))) {
      throw site.at(value.offset(), value.content().words() + " is no member of " + name);
    }
  }

  private void checkInstance(Instance instance, ScriptCode code, ValueTypes types) {
    String name = instance.type().qualified();
    ScriptClass type = code.find(name);
    if (type == null || type.isEnum() || type.isInterface() || type.isNamedTuple()) {
      throw site.whole(
          "has an object of class "
              + name
              + ", which the code does not have: the file is altered, copy it again");
    }
    if (type.hasMethod(SET_STATE) || type.hasMethod(GET_STATE)) {
      throw site.whole(
          "has an object of class "
              + name
              + ", whose "
              + SET_STATE
              + " would run when it is loaded: import the float model (torch's own quantization"
              + " packs weights that way), or a model without it");
    }
    if (!(instance.state() instanceof Mapping state)) {
      throw site.whole(
          "the state of an object of class "
              + name
              + " is "
              + instance.state().words()
              + ", expected a dict");
    }
    for (Map.Entry<String, ScriptExpression> field : type.fields().entrySet()) {
      PickleValue value = state.entries().get(field.getKey());
      String problem = value == null ? "nothing" : types.problem(value, field.getValue());
      if (problem != null) {
        throw site.whole(
            "the attribute '"
                + field.getKey()
                + "' of an object of class "
                + name
                + " is or has "
                + problem);
      }
    }
  }
}
