// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Turns what native modules return besides tensors into lists. */
final class ModuleResults {

  private ModuleResults() {}

  /** Whether the object is a std::tuple or a vector of tensors. */
  static boolean isNativeTuple(Object result) {
    return result instanceof TensorVector
        || result instanceof Pointer && result.getClass().getSimpleName().startsWith("T_");
  }

  /** The items, tensors as new handles; closes the tuple. */
  static List<Object> toList(Object tuple) {
    List<Object> items = new ArrayList<>();
    try (Pointer closing = (Pointer) tuple) {
      if (closing instanceof TensorVector vector) {
        for (long i = 0; i < vector.size(); i++) {
          items.add(new Tensor(vector.get(i)));
        }
      } else {
        for (int i = 0; ; i++) {
          Object item = closing.getClass().getMethod("get" + i).invoke(closing);
          items.add(item instanceof Tensor tensor ? new Tensor(tensor) : nested(item));
        }
      }
    } catch (NoSuchMethodException e) {
      return Collections.unmodifiableList(items);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot read " + tuple.getClass().getName(), e);
    }
    return Collections.unmodifiableList(items);
  }

  private static Object nested(Object item) {
    return isNativeTuple(item) ? toList(item) : item;
  }
}
