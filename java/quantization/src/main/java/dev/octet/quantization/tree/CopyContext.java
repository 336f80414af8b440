// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorImpl;

/**
 * The state of one copy of a model: every module and every tensor is copied once.
 *
 * <p>Obtained from {@link ModelCopier}. Not thread-safe.
 */
public final class CopyContext implements AutoCloseable {

  private final ModuleTree tree;
  private final Map<Long, Module> modules = new HashMap<>();
  private final Map<Long, Tensor> tensors = new HashMap<>();

  CopyContext(Module root) {
    tree = ModuleTree.of(root);
    // Walking makes known which Java object stands for which module, wherever it occurs.
    tree.nodes();
  }

  ModuleTree tree() {
    return tree;
  }

  /**
   * Copy a module of the model.
   *
   * @param module the original
   * @return its copy; the same one each time
   */
  public Module copy(Module module) {
    Module original = ModuleTypes.resolve(module);
    Module copy = modules.get(NativeModules.address(original));
    if (copy == null) {
      copy = ModelCopier.copy(original, this);
      modules.put(original.address(), copy);
    }
    return copy;
  }

  /**
   * Copy a tensor of the model, which does or does not require a gradient as the original does.
   *
   * @param tensor the original
   * @return its copy, the same each time; a handle that is closed when the whole model is copied,
   *     of which a module keeps {@code new Tensor(copy)}
   */
  public Tensor copy(Tensor tensor) {
    Tensor copy = tensors.get(key(tensor));
    if (copy == null) {
      try (Tensor detached = tensor.detach()) {
        copy = detached.clone();
      }
      copy.set_requires_grad(tensor.requires_grad());
      tensors.put(key(tensor), copy);
    }
    return copy;
  }

  /** Say what the copy of a tensor is, where a module has made it already. */
  void copied(Tensor original, Tensor copy) {
    tensors.computeIfAbsent(key(original), key -> new Tensor(copy));
  }

  /** Close the handles of the tensors' copies, which belong to the copied modules now. */
  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
  }

  static long key(Tensor tensor) {
    TensorImpl impl = tensor.unsafeGetTensorImpl();
    return impl.address();
  }
}
