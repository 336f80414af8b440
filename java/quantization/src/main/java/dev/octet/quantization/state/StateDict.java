// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;

/**
 * The named tensors of a model, with names, shapes and order as in PyTorch: for every module its
 * parameters, then its buffers, then its children. Quantizers add what they have of {@code
 * quantizer._delta}, {@code quantizer._zero_float}, {@code quantizer._signed}, {@code
 * range_estimator.current_xmin} and {@code range_estimator.current_xmax}.
 *
 * <p>A model must not be used by another thread while its state is read or loaded.
 */
public final class StateDict {
  private StateDict() {}

  /**
   * Returns the tensors of a model by name.
   *
   * @return handles of the live tensors; the caller may close them, which leaves the model's as
   *     they are
   */
  public static Map<String, Tensor> of(Module model) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (ModuleNode node : nodes(model)) {
      state.putAll(own(node));
    }
    return state;
  }

  /** Returns the quantization managers of a model by path. */
  static Map<String, QuantizationManager> managers(Module model) {
    Map<String, QuantizationManager> managers = new LinkedHashMap<>();
    for (ModuleNode node : nodes(model)) {
      if (node.module() instanceof QuantizationManager manager) {
        managers.put(node.path(), manager);
      }
    }
    return managers;
  }

  /** Returns the modules without those inside quantization managers. */
  private static List<ModuleNode> nodes(Module model) {
    List<ModuleNode> nodes = new ArrayList<>();
    String skip = null;
    for (ModuleNode node : ModuleTree.of(Objects.requireNonNull(model, "model")).nodes()) {
      if (skip != null && node.path().startsWith(skip)) {
        continue;
      }
      nodes.add(node);
      skip = node.module() instanceof QuantizationManager ? prefix(node.path()) : null;
    }
    return nodes;
  }

  private static String prefix(String path) {
    return path.isEmpty() ? "" : path + ".";
  }

  private static Map<String, Tensor> own(ModuleNode node) {
    Map<String, Tensor> own = new LinkedHashMap<>();
    String prefix = prefix(node.path());
    if (node.module() instanceof QuantizationManager manager) {
      manager.rangeState().forEach((name, tensor) -> own.put(prefix + name, new Tensor(tensor)));
      return own;
    }
    try (StringTensorDict parameters = node.module().named_parameters(false);
        StringTensorDict buffers = node.module().named_buffers(false)) {
      put(parameters, prefix, own);
      put(buffers, prefix, own);
    }
    return own;
  }

  private static void put(StringTensorDict tensors, String prefix, Map<String, Tensor> into) {
    for (long i = 0; i < tensors.size(); i++) {
      StringTensorDictItem item = tensors.get(i);
      if (item.value().defined()) {
        try (BytePointer key = item.key()) {
          into.put(prefix + key.getString(), new Tensor(item.value()));
        }
      }
    }
  }

  /**
   * Copies tensors into a model. Ranges may have another shape than the model's at present, since
   * they get it with the first batch; all else must match. What the model's quantizers do with
   * their ranges (estimate, fix, learn) stays.
   *
   * @param state by name; only read
   * @throws StateDictException if the names, shapes or types do not fit; nothing is changed then
   */
  public static void load(Module model, Map<String, Tensor> state) {
    load(model, state, "the state dict");
  }

  static void load(Module model, Map<String, Tensor> state, String source) {
    load(model, state, source, true);
  }

  /** Copies what fits; where all has to fit, nothing is copied if something does not. */
  static StateReport load(Module model, Map<String, Tensor> state, String source, boolean strict) {
    Map<String, Tensor> own = of(model);
    try {
      return load(model, state, source, strict, own);
    } finally {
      own.values().forEach(Tensor::close);
    }
  }

  private static StateReport load(
      Module model,
      Map<String, Tensor> state,
      String source,
      boolean strict,
      Map<String, Tensor> own) {
    Map<String, QuantizationManager> managers = managers(model);
    Map<QuantizationManager, Map<String, Tensor>> ranges = new LinkedHashMap<>();
    Map<Tensor, Tensor> copies = new LinkedHashMap<>();
    List<String> unexpected = new ArrayList<>();
    List<String> mismatched = new ArrayList<>();
    TreeMap<String, Tensor> missing = new TreeMap<>(own);
    for (Map.Entry<String, Tensor> entry : state.entrySet()) {
      String name = entry.getKey();
      Tensor value = entry.getValue();
      missing.remove(name);
      String path = managerPath(name, managers);
      if (path != null) {
        String local = name.substring(prefix(path).length());
        QuantizationManager manager = managers.get(path);
        long steps = local.endsWith("_signed") ? 1 : steps(manager, path, own);
        if (!manager.hasRangeState(local)) {
          unexpected.add(name);
        } else if (steps > 0 && value.numel() != 1 && value.numel() != steps) {
          mismatched.add(
              name
                  + " ("
                  + describe(value)
                  + ", the model takes "
                  + (steps == 1 ? "one element" : "one element or " + steps)
                  + ")");
        } else {
          ranges.computeIfAbsent(manager, m -> new LinkedHashMap<>()).put(local, value);
        }
      } else if (!own.containsKey(name)) {
        unexpected.add(name);
      } else if (!describe(own.get(name)).equals(describe(value))) {
        mismatched.add(
            name + " (" + describe(value) + ", the model has " + describe(own.get(name)) + ")");
      } else {
        copies.put(own.get(name), value);
      }
    }
    // Only steps are always there: an estimate that the state does not have is not missed.
    missing.keySet().removeIf(name -> managerPath(name, managers) != null && !isStep(name));
    StateReport report = new StateReport(List.copyOf(missing.keySet()), unexpected, mismatched);
    if (strict && !report.fits()) {
      throw new StateDictException(source, report);
    }
    try (NoGradGuard guard = new NoGradGuard()) {
      copies.forEach((target, value) -> target.copy_(value));
      ranges.forEach(QuantizationManager::loadRangeState);
    }
    QuantizationStates.quantizedModules(model).stream()
        .map(QuantizedModule::quantization)
        .forEach(LayerQuantization::dropCache);
    return report;
  }

  /** The number of steps that a quantizer may have beside one; -1: any. */
  private static long steps(QuantizationManager manager, String path, Map<String, Tensor> own) {
    if (!manager.options().perChannel()) {
      return manager.options().hasVectorRange() ? -1 : 1;
    }
    int end = path.lastIndexOf("weight_quantizer");
    Tensor weight = end < 0 ? null : own.get(path.substring(0, end) + "weight");
    return weight == null || weight.dim() == 0 ? -1 : weight.size(0);
  }

  private static boolean isStep(String name) {
    return name.endsWith("quantizer._delta") || name.endsWith("quantizer._zero_float");
  }

  private static String managerPath(String name, Map<String, QuantizationManager> managers) {
    for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      String path = name.substring(0, dot);
      if (managers.containsKey(path)) {
        return path;
      }
    }
    return managers.containsKey("") ? "" : null;
  }

  private static String describe(Tensor tensor) {
    return tensor.scalar_type().intern() + " " + Arrays.toString(tensor.shape());
  }
}
