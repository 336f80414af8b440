// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.AnyModule;
import org.bytedeco.pytorch.AnyModuleVector;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;

/**
 * A {@code Sequential} that calls its children's Java {@code forward}.
 *
 * <p>libtorch's own container calls native code only, so that a Java class in it loses its
 * overrides. This one keeps the Java objects, runs them in order and hands them out; registered
 * names, parameters and training mode are those of any {@code Sequential}. Add children with {@link
 * #add}; the typed {@code push_back} methods would put them in the native list, and the next call
 * reports that. Not safe for changes during calls; calls may run in several threads if the
 * children's may.
 */
public class JavaSequential extends SequentialImpl
    implements ChildHolder, FreshOutput, StructuralCopy, TypeNamed {

  private final ChildMap children = new ChildMap();

  /** Create an empty container. */
  public JavaSequential() {}

  /**
   * Create a container of the given modules, named by position.
   *
   * @param modules the children in the order in which they run
   */
  public JavaSequential(Module... modules) {
    for (Module module : modules) {
      add(module);
    }
  }

  /**
   * Append a module under a name.
   *
   * @param name the name to register it under; not empty, without dots
   * @param module the module
   * @return this container
   */
  public final JavaSequential add(String name, Module module) {
    register_module(name, NativeModules.owned(ModuleTypes.resolve(module)));
    children.put(name, ModuleTypes.typed(ModuleTypes.resolve(module)));
    return this;
  }

  /**
   * Append a module under its position.
   *
   * @param module the module
   * @return this container
   */
  public final JavaSequential add(Module module) {
    return add(Integer.toString(children.inOrder().length), module);
  }

  @Override
  public Map<String, Module> childObjects() {
    return children.view();
  }

  @Override
  public void childObject(String name, Module module) {
    children.put(name, module);
  }

  @Override
  public String typeName() {
    return getClass() == JavaSequential.class ? "Sequential" : getClass().getSimpleName();
  }

  @Override
  public Tensor forward(Tensor input) {
    return chain(input);
  }

  @Override
  public Tensor forward(Tensor input1, Tensor input2) {
    return chain(input1, input2);
  }

  @Override
  public Tensor forward(Tensor input1, Tensor input2, Tensor input3) {
    return chain(input1, input2, input3);
  }

  @Override
  public Tensor forward(Tensor input1, Tensor input2, Tensor input3, Tensor input4) {
    return chain(input1, input2, input3, input4);
  }

  @Override
  public Tensor forward(
      Tensor input1, Tensor input2, Tensor input3, Tensor input4, Tensor input5, Tensor input6) {
    return chain(input1, input2, input3, input4, input5, input6);
  }

  @Override
  public Tensor forward(
      Tensor input1,
      Tensor input2,
      Tensor input3,
      Tensor input4,
      Tensor input5,
      Tensor input6,
      Tensor input7,
      Tensor input8) {
    return chain(input1, input2, input3, input4, input5, input6, input7, input8);
  }

  private Tensor chain(Tensor... inputs) {
    Module[] all = checkedChildren();
    Object value = inputs[0];
    boolean owned = false;
    for (int i = 0; i < all.length; i++) {
      Object next;
      try {
        next =
            i == 0
                ? ModuleCall.forward(all[i], (Object[]) inputs)
                : ModuleCall.forwardAny(all[i], value);
      } catch (RuntimeException | Error e) {
        release(value, owned);
        throw e;
      }
      if (next != value) {
        release(value, owned);
        owned = ModuleCall.returnsFresh(all[i]) && !isOneOf(next, inputs);
      }
      value = next;
    }
    if (value instanceof Tensor tensor) {
      return owned || isOneOf(tensor, inputs) ? tensor : new Tensor(tensor);
    }
    throw new IllegalStateException(
        "the last module of the Sequential, "
            + ModuleTypes.typeName(all[all.length - 1])
            + ", returned no Tensor but "
            + (value == null ? "null" : value.getClass().getName()));
  }

  private static void release(Object value, boolean owned) {
    if (owned && value instanceof Tensor tensor) {
      tensor.close();
    }
  }

  private static boolean isOneOf(Object value, Tensor[] inputs) {
    for (Tensor input : inputs) {
      if (value == input) {
        return true;
      }
    }
    return false;
  }

  private Module[] checkedChildren() {
    if (super.size() != 0) {
      throw new UnsupportedOperationException(
          "a module was added to a JavaSequential with push_back, which keeps no Java object; add"
              + " it with add(name, module)");
    }
    Module[] all = children.inOrder();
    if (all.length == 0) {
      throw new IllegalStateException("cannot call forward() on an empty Sequential; add a module");
    }
    return all;
  }

  @Override
  public Module get(long index) {
    return children.handOut(index, "the Sequential");
  }

  @Override
  public Module ptr(long index) {
    return get(index);
  }

  @Override
  public long size() {
    return children.inOrder().length;
  }

  @Override
  public boolean is_empty() {
    return children.inOrder().length == 0;
  }

  @Override
  public SequentialImpl asSequential() {
    return this;
  }

  @Override
  public void push_back(AnyModule module) {
    add(module.ptr());
  }

  @Override
  public void push_back(String name, AnyModule module) {
    add(name, module.ptr());
  }

  @Override
  public void push_back(BytePointer name, AnyModule module) {
    add(name.getString(), module.ptr());
  }

  @Override
  public AnyModuleVector.Iterator begin() {
    throw noIterator();
  }

  @Override
  public AnyModuleVector.Iterator end() {
    throw noIterator();
  }

  private static UnsupportedOperationException noIterator() {
    return new UnsupportedOperationException(
        "the native iterator would lose the Java objects; use size() and get(i), or"
            + " childObjects()");
  }

  @Override
  public Module clone(DeviceOptional device) {
    return Containers.clone(this, device);
  }

  @Override
  public Module clone() {
    return ModelCopier.copy(this);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    Containers.requireOwnClass(this, JavaSequential.class);
    JavaSequential copy = new JavaSequential();
    copy.train(is_training());
    childObjects().forEach((name, child) -> copy.add(name, context.copy(child)));
    return copy;
  }
}
