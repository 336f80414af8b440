// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.layers.Blueprint.Slot;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Recognises the layers of torch.nn in a recorded program.
 *
 * <p>A class name is no proof of what a file does. A module becomes one of the presets only if what
 * was recorded of it is what its class does, operator by operator, with arguments that the presets'
 * class has; these are read off the recording. The module has the recorded tensors themselves.
 *
 * <p>One object belongs to one model. Not thread-safe.
 */
public final class KnownLayers {

  static final String PREFIX = "torch.nn.modules.";
  private static final Map<String, Family> FAMILIES = families();

  private final SharedTensors sharedTensors;
  private final Map<Module, Made> made = new IdentityHashMap<>();

  /**
   * Create a recogniser for one model.
   *
   * @param sharedTensors gives the modules their tensors
   */
  public KnownLayers(SharedTensors sharedTensors) {
    this.sharedTensors = Objects.requireNonNull(sharedTensors, "sharedTensors");
  }

  private static Map<String, Family> families() {
    Map<String, Family> families = new HashMap<>();
    LinearLayers.register(families);
    ConvLayers.register(families);
    BatchNormLayers.register(families);
    InstanceNormLayers.register(families);
    NormLayers.register(families);
    LocalResponseNormLayers.register(families);
    SparseLayers.register(families);
    ActivationLayers.register(families);
    ComposedActivationLayers.register(families);
    DropoutLayers.register(families);
    MaxPoolLayers.register(families);
    AvgPoolLayers.register(families);
    LPPoolLayers.register(families);
    AdaptivePoolLayers.register(families);
    PaddingLayers.register(families);
    ShapeLayers.register(families);
    UpsampleLayers.register(families);
    DistanceLayers.register(families);
    ContainerLayers.register(families);
    return families;
  }

  /**
   * Tell whether a class may be recognised at all.
   *
   * @param className its qualified name in Python
   * @return whether {@link #recognize} looks at the recording
   */
  public static boolean isKnown(String className) {
    return className.startsWith(PREFIX)
        && FAMILIES.containsKey(className.substring(PREFIX.length()));
  }

  /**
   * Make the module that does what was recorded, if it is a layer of torch.nn.
   *
   * @param layer the recorded module
   * @return the module in the recorded mode, or why there is none. A layer that was traced in one
   *     mode is in that mode.
   */
  public Recognition recognize(RecordedLayer layer) {
    if (!layer.className().startsWith(PREFIX)) {
      return Recognition.unknown();
    }
    try {
      return Recognition.of(make(layer, blueprint(layer)));
    } catch (Unrecognized e) {
      return Recognition.rejected(e.getMessage());
    }
  }

  /**
   * Read what was recorded.
   *
   * @throws Unrecognized if it is no layer that is known
   */
  Blueprint blueprint(RecordedLayer layer) {
    Family family = FAMILIES.get(layer.className().substring(PREFIX.length()));
    if (family == null) {
      throw new Unrecognized("is of a class that is kept as it was recorded");
    }
    Terms terms = new Terms();
    if (layer.calls().isEmpty()) {
      return family.read(new Recording(layer, null, terms));
    }
    Blueprint first = null;
    for (GraphMethod call : layer.calls()) {
      Blueprint blueprint = family.read(new Recording(layer, call, terms));
      if (first != null && !first.agrees(blueprint)) {
        throw new Unrecognized("does different things in several calls");
      }
      first = blueprint;
    }
    return first;
  }

  /**
   * Make a module.
   *
   * @throws Unrecognized if libtorch refuses its arguments, or if it would lose a tensor
   */
  Module make(RecordedLayer layer, Blueprint blueprint) {
    Set<String> others = new LinkedHashSet<>(layer.tensors().keySet());
    others.removeIf(name -> layer.tensors().get(name).kind() == GraphAttribute.Kind.CONSTANT);
    blueprint.slots().stream().filter(Slot::used).map(Slot::name).forEach(others::remove);
    if (!others.isEmpty()) {
      throw new Unrecognized("also has the tensors " + others);
    }
    Module module = make(blueprint);
    if (layer.children().isEmpty()) {
      module.train(blueprint.mode() == null ? layer.training() : blueprint.mode());
    }
    if (!blueprint.slots().isEmpty()) {
      sharedTensors.give(module, blueprint.slots(), layer.tensors());
    }
    made.put(module, new Made(layer, blueprint));
    return module;
  }

  /** Whether a module was made of an equal recording, with the same tensors. */
  boolean isMade(Module module, RecordedLayer layer, Blueprint blueprint) {
    Made from = made.get(module);
    return from != null
        && from.layer().className().equals(layer.className())
        && from.blueprint().agrees(blueprint)
        && sameTensors(from.layer().tensors(), layer.tensors());
  }

  static boolean sameTensors(Map<String, GraphAttribute> a, Map<String, GraphAttribute> b) {
    return a.keySet().equals(b.keySet())
        && a.entrySet().stream()
            .allMatch(
                entry ->
                    SharedTensors.same(entry.getValue().tensor(), b.get(entry.getKey()).tensor()));
  }

  private static Module make(Blueprint blueprint) {
    try {
      return blueprint.maker().get();
    } catch (Unrecognized e) {
      throw e;
    } catch (RuntimeException e) {
      throw new Unrecognized("has arguments that libtorch refuses: " + firstLine(e));
    }
  }

  private static String firstLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** What a module was made of. */
  private record Made(RecordedLayer layer, Blueprint blueprint) {}
}
