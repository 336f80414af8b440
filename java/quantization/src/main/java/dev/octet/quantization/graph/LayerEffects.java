// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.lang.reflect.Method;
import java.util.Set;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.AlphaDropoutImpl;
import org.bytedeco.pytorch.Dropout2dImpl;
import org.bytedeco.pytorch.Dropout3dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.FeatureAlphaDropoutImpl;
import org.bytedeco.pytorch.FlattenImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.UnflattenImpl;

/** What calling a module does besides making a result, as far as its class is known. */
final class LayerEffects {

  private static final Set<Class<?>> PASS_ON =
      Set.of(
          IdentityImpl.class,
          FlattenImpl.class,
          UnflattenImpl.class,
          DropoutImpl.class,
          Dropout2dImpl.class,
          Dropout3dImpl.class,
          AlphaDropoutImpl.class,
          FeatureAlphaDropoutImpl.class);

  private static final Set<Class<?>> CONTAINERS =
      Set.of(SequentialImpl.class, ModuleListImpl.class, ModuleDictImpl.class);

  private LayerEffects() {}

  /** Whether the module is one of libtorch's own layers, whose effects are known. */
  static boolean isKnown(Module module) {
    Class<?> type = module.getClass();
    return type.getPackageName().equals(Module.class.getPackageName())
        && type != Module.class
        && !CONTAINERS.contains(type);
  }

  /** Whether a known layer may return its argument, or a view of it. */
  static boolean passesOn(Module layer) {
    return PASS_ON.contains(layer.getClass()) || worksInPlace(layer);
  }

  /** Whether a known layer was told to write its result over its argument. */
  static boolean worksInPlace(Module layer) {
    try {
      Object options = layer.getClass().getMethod("options").invoke(layer);
      Method inplace = options.getClass().getMethod("inplace");
      return ((BoolPointer) inplace.invoke(options)).get();
    } catch (NoSuchMethodException e) {
      return false;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read the options of " + layer.getClass(), e);
    }
  }

  /** Whether a known layer changes nothing: no statistics, no random numbers are drawn. */
  static boolean isPure(Module layer) {
    return !layer.is_training() && !worksInPlace(layer);
  }
}
