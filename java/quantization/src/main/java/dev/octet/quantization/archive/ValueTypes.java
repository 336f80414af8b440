// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Instance;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Named;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.Sequence;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.archive.PickleValue.Tuple;
import dev.octet.quantization.archive.ScriptExpression.Index;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Compares the values of a pickle with the types that the code gives them. libtorch puts them
 * together without a look, and reads an object by the places that its type has.
 */
final class ValueTypes {
  private final ScriptCode code;

  ValueTypes(ScriptCode code) {
    this.code = code;
  }

  /** Returns in words how a value does not fit a type, or null if it does. */
  String problem(PickleValue value, ScriptExpression type) {
    if (type instanceof Index parameterized) {
      String name = ScriptExpression.dottedName(parameterized.base());
      return name == null ? misfit(value, "?") : container(value, name, parameterized.items());
    }
    String name = ScriptExpression.dottedName(type);
    return name == null ? misfit(value, "?") : plain(value, name);
  }

  private static String misfit(PickleValue value, String type) {
    return value.words() + ", expected a value of type " + type;
  }

  private static String unless(boolean fits, PickleValue value, String type) {
    return fits ? null : misfit(value, type);
  }

  private String plain(PickleValue value, String type) {
    Object scalar = StoragePickles.plain(value);
    return switch (type) {
      case "Tensor" -> unless(value instanceof StoredTensor || scalar == null, value, type);
      case "int" -> unless(scalar instanceof Long, value, type);
      case "float" -> unless(scalar instanceof Double, value, type);
      case "bool" -> unless(scalar instanceof Boolean, value, type);
      case "str" -> unless(scalar instanceof String, value, type);
      case "None", "NoneType" -> unless(scalar == null, value, type);
      case "number", "Scalar" ->
          unless(scalar instanceof Number || isNamed(value, "complex"), value, type);
      case "complex" -> unless(isNamed(value, type), value, type);
      case "Device" -> unless(isNamed(value, "torch.device"), value, type);
      case "Any" -> null;
      default -> ofClass(value, type);
    };
  }

  private static boolean isNamed(PickleValue value, String kind) {
    return value instanceof Named named && named.kind().equals(kind);
  }

  private String container(PickleValue value, String type, List<ScriptExpression> parameters) {
    switch (type) {
      case "Optional" -> {
        return value == Scalar.NONE ? null : all(List.of(value), parameters);
      }
      case "Union" -> {
        return unless(
            parameters.stream().anyMatch(p -> problem(value, p) == null), value, "Union[...]");
      }
      case "List" -> {
        return value instanceof Sequence list ? all(list.items(), parameters) : misfit(value, type);
      }
      case "Dict" -> {
        return value instanceof Mapping dict ? dict(dict, parameters) : misfit(value, type);
      }
      case "Tuple" -> {
        return value instanceof Tuple tuple ? tuple(tuple, parameters) : misfit(value, type);
      }
      default -> {
        return value.words() + ", but no file holds values of type " + type + "[...]";
      }
    }
  }

  private String all(List<PickleValue> values, List<ScriptExpression> parameters) {
    if (parameters.size() != 1) {
      return parameters.size() + " parameters of a type that takes one";
    }
    for (PickleValue value : values) {
      String problem = problem(value, parameters.get(0));
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private String dict(Mapping dict, List<ScriptExpression> parameters) {
    if (parameters.size() != 2) {
      return parameters.size() + " parameters of type Dict, expected 2";
    }
    for (Map.Entry<Object, PickleValue> entry : dict.entries().entrySet()) {
      PickleValue key =
          entry.getKey() instanceof PickleValue other ? other : new Scalar(entry.getKey());
      String problem = problem(key, parameters.get(0));
      problem = problem == null ? problem(entry.getValue(), parameters.get(1)) : problem;
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private String tuple(Tuple tuple, List<ScriptExpression> parameters) {
    boolean none =
        parameters.size() == 1
            && parameters.get(0) instanceof ScriptExpression.TupleOf empty
            && empty.items().isEmpty();
    return parts(tuple, none ? List.of() : parameters);
  }

  private String parts(Tuple tuple, List<ScriptExpression> types) {
    if (tuple.items().size() != types.size()) {
      return tuple.words() + ", expected one of " + types.size();
    }
    for (int i = 0; i < types.size(); i++) {
      String problem = problem(tuple.items().get(i), types.get(i));
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private String ofClass(PickleValue value, String type) {
    ScriptClass found = code.find(type);
    if (found == null) {
      return value.words() + ", but the archive has no code of type " + type;
    }
    if (found.isNamedTuple()) {
      return value instanceof Tuple tuple
          ? parts(tuple, new ArrayList<>(found.fields().values()))
          : misfit(value, type);
    }
    if (found.isEnum()) {
      return unless(isNamed(value, type), value, type);
    }
    if (!(value instanceof Instance instance)) {
      return misfit(value, type);
    }
    return unless(instance.type().qualified().equals(type) || found.isInterface(), value, type);
  }
}
