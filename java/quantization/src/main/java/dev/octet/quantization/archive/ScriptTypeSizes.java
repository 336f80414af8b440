// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptExpression.Index;
import dev.octet.quantization.archive.ScriptStatement.Function;
import dev.octet.quantization.archive.ScriptStatement.Parameter;
import java.util.HashMap;
import java.util.Map;

/**
 * Bounds how large the types of the code are with all that they contain. libtorch walks through a
 * type anew for every function that takes it, and through every path that leads to a part, so that
 * a few lines of classes with two fields each would keep it busy for years.
 */
final class ScriptTypeSizes {
  private static final int MAX_DEPTH = 300;
  private static final int MAX_DEFINITIONS = 50_000;
  private static final int MAX_UNION = 64;
  // Named tuples and annotations, which are compared part by part.
  private static final long MAX_TUPLE = 4000;
  // About ten seconds of libtorch's time; the types of a model with thousands of modules take less
  // than a tenth.
  private static final long MAX_WORK = 100_000_000;
  private static final long SATURATED = Long.MAX_VALUE / 4;
  private static final String TOO_LARGE = ", more than any model needs";

  private record Size(long parts, int depth) {}

  private static final Size ONE = new Size(1, 1);

  private final ScriptCode code;
  private final Map<String, Size> known = new HashMap<>();
  private long work;
  private int open;

  private ScriptTypeSizes(ScriptCode code) {
    this.code = code;
  }

  /**
   * Checks all classes and functions.
   *
   * @throws ModelFileException if a type is too large, or contains itself
   */
  static void check(ScriptCode code) {
    new ScriptTypeSizes(code).check();
  }

  private void check() {
    int definitions = 0;
    for (ScriptFile file : code.files().values()) {
      definitions += file.classes().size() + file.functions().size();
      file.functions().values().forEach(function -> count(function, file.site()));
      for (ScriptClass type : file.classes().values()) {
        definitions += type.methods().size();
        ofFields(type, file.site());
        type.methods().forEach(method -> count(method, file.site()));
      }
      if (definitions > MAX_DEFINITIONS) {
        throw file.site()
            .whole("with it the code has more than " + MAX_DEFINITIONS + " functions and classes");
      }
    }
  }

  private void count(Function function, EntrySite site) {
    for (Parameter parameter : function.parameters()) {
      if (parameter.type() != null) {
        Size size = of(parameter.type(), site);
        work = Math.min(SATURATED, work + size.parts() * size.depth());
      }
    }
    if (function.returnType() != null) {
      of(function.returnType(), site);
    }
    if (work > MAX_WORK) {
      throw site.at(
          function.at(),
          "the types of the functions up to '"
              + function.name()
              + "' have more than "
              + MAX_WORK
              + " parts in all"
              + TOO_LARGE);
    }
  }

  /** The parts of a type as it is written, with those of the tuples that it names. */
  static long written(ScriptExpression type) {
    if (!(type instanceof Index index)) {
      return 1;
    }
    long parts = 1;
    for (ScriptExpression item : index.items()) {
      parts += item == null ? 1 : written(item);
    }
    return parts;
  }

  private Size of(ScriptExpression type, EntrySite site) {
    if (!(type instanceof Index index)) {
      String name = ScriptExpression.dottedName(type);
      return name == null ? ONE : ofNamed(name, type.at(), site);
    }
    if ("Union".equals(ScriptExpression.dottedName(index.base()))
        && index.items().size() > MAX_UNION) {
      throw site.at(type.at(), "a union of " + index.items().size() + " types" + TOO_LARGE);
    }
    long parts = 1;
    int depth = 0;
    for (ScriptExpression item : index.items()) {
      Size size = item == null ? ONE : of(item, site);
      parts = Math.min(SATURATED, parts + size.parts());
      depth = Math.max(depth, size.depth());
    }
    return new Size(parts, depth + 1);
  }

  private Size ofNamed(String name, int at, EntrySite site) {
    ScriptClass type = code.find(name);
    if (type == null || type.isEnum() || type.isInterface()) {
      return ONE;
    }
    Size size = known.get(name);
    if (size != null) {
      return size;
    }
    if (known.containsKey(name) || open == MAX_DEPTH) {
      throw site.at(
          at,
          known.containsKey(name)
              ? "class " + name + " contains itself"
              : "classes contain one another more than " + MAX_DEPTH + " deep");
    }
    known.put(name, null);
    open++;
    size = ofFields(type, site);
    open--;
    known.put(name, size);
    return size;
  }

  private Size ofFields(ScriptClass type, EntrySite site) {
    long parts = 1;
    int depth = 0;
    for (ScriptExpression field : type.fields().values()) {
      Size size = of(field, site);
      parts = Math.min(SATURATED, parts + size.parts());
      depth = Math.max(depth, size.depth());
    }
    if (type.isNamedTuple() && parts > MAX_TUPLE) {
      throw site.at(
          type.at(),
          "the tuple '"
              + type.name()
              + "' has more than "
              + MAX_TUPLE
              + " parts with"
              + " those of its parts"
              + TOO_LARGE);
    }
    return new Size(parts, depth + 1);
  }
}
