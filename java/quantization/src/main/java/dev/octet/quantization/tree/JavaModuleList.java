// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.SharedModuleVector;

/**
 * A {@code ModuleList} that hands out its children's Java objects.
 *
 * <p>So that {@code list.get(i).asLinear().forward(x)} reaches a Java class that has taken the
 * place of a {@code LinearImpl}. Registered names are positions, as in any {@code ModuleList}.
 */
public class JavaModuleList extends ModuleListImpl
    implements ChildHolder, StructuralCopy, TypeNamed {

  private final ChildMap children = new ChildMap();

  /** Create an empty list. */
  public JavaModuleList() {}

  /**
   * Create a list of the given modules.
   *
   * @param modules the elements
   */
  public JavaModuleList(Module... modules) {
    for (Module module : modules) {
      push_back(module);
    }
  }

  /**
   * Append a module.
   *
   * @param module the new last element
   */
  @Override
  public void push_back(Module module) {
    add(Integer.toString(children.inOrder().length), module);
  }

  final void add(String name, Module module) {
    register_module(name, NativeModules.owned(ModuleTypes.resolve(module)));
    children.put(name, ModuleTypes.typed(ModuleTypes.resolve(module)));
  }

  @Override
  public void insert(long index, Module module) {
    List<Module> all = new ArrayList<>(List.of(children.inOrder()));
    if (index < 0 || index > all.size()) {
      throw new IndexOutOfBoundsException("index " + index + " is not in 0.." + all.size());
    }
    all.add((int) index, module);
    children.view().keySet().forEach(this::unregister_module);
    children.clear();
    all.forEach(this::push_back);
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
    return getClass() == JavaModuleList.class ? "ModuleList" : getClass().getSimpleName();
  }

  @Override
  public Module get(long index) {
    return children.handOut(index, "the ModuleList");
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
  public ModuleListImpl asModuleList() {
    return this;
  }

  @Override
  public SharedModuleVector.Iterator begin() {
    return new JavaIterator(0);
  }

  @Override
  public SharedModuleVector.Iterator end() {
    return new JavaIterator(children.inOrder().length);
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
    Containers.requireOwnClass(this, JavaModuleList.class);
    JavaModuleList copy = new JavaModuleList();
    copy.train(is_training());
    childObjects().forEach((name, child) -> copy.add(name, context.copy(child)));
    return copy;
  }

  /** Walks over the Java objects behind the interface of the native iterator. */
  private final class JavaIterator extends SharedModuleVector.Iterator {
    private int index;

    JavaIterator(int index) {
      super((Pointer) null);
      this.index = index;
    }

    @Override
    public SharedModuleVector.Iterator increment() {
      index++;
      return this;
    }

    @Override
    public boolean equals(SharedModuleVector.Iterator other) {
      return other instanceof JavaIterator it && it.index == index;
    }

    @Override
    public Module get() {
      return JavaModuleList.this.get(index);
    }
  }
}
