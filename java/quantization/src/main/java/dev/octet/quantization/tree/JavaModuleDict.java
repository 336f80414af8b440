// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.SharedModuleVector;
import org.bytedeco.pytorch.StringSharedModuleDictItemVector;
import org.bytedeco.pytorch.StringSharedModuleVector;
import org.bytedeco.pytorch.StringVector;

/**
 * A {@code ModuleDict} that hands out its children's Java objects.
 *
 * <p>Use {@link #get(String)} and {@link #childObjects()}: the native collections that {@code
 * items()} and {@code values()} return cannot hold Java objects, and so these methods throw.
 */
public class JavaModuleDict extends ModuleDictImpl
    implements ChildHolder, StructuralCopy, TypeNamed {

  private final ChildMap children = new ChildMap();

  /** Create an empty dictionary. */
  public JavaModuleDict() {}

  /**
   * Put a module under a key, which must be new.
   *
   * @param key the key, and the name to register it under; not empty, without dots
   * @param module the module
   * @return this dictionary
   */
  public final JavaModuleDict add(String key, Module module) {
    register_module(key, NativeModules.owned(ModuleTypes.resolve(module)));
    children.put(key, ModuleTypes.typed(ModuleTypes.resolve(module)));
    return this;
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
    return getClass() == JavaModuleDict.class ? "ModuleDict" : getClass().getSimpleName();
  }

  @Override
  public Module get(String key) {
    Module child = children.view().get(key);
    if (child == null) {
      throw new IllegalArgumentException(
          "no module under the key '" + key + "'; there are " + children.view().keySet());
    }
    return children.handOut(child);
  }

  @Override
  public Module get(BytePointer key) {
    return get(key.getString());
  }

  @Override
  public Module pop(String key) {
    Module child = get(key);
    unregister_module(key);
    children.remove(key);
    return child;
  }

  @Override
  public Module pop(BytePointer key) {
    return pop(key.getString());
  }

  @Override
  public void clear() {
    List.copyOf(children.view().keySet()).forEach(this::pop);
  }

  @Override
  public boolean contains(String key) {
    return children.view().containsKey(key);
  }

  @Override
  public boolean contains(BytePointer key) {
    return contains(key.getString());
  }

  @Override
  public long size() {
    return children.inOrder().length;
  }

  @Override
  public boolean empty() {
    return children.inOrder().length == 0;
  }

  @Override
  public StringVector keys() {
    return new StringVector(children.view().keySet().toArray(new String[0]));
  }

  @Override
  public ModuleDictImpl asModuleDict() {
    return this;
  }

  @Override
  public StringSharedModuleVector items() {
    throw noNativeCollection();
  }

  @Override
  public SharedModuleVector values() {
    throw noNativeCollection();
  }

  @Override
  public StringSharedModuleDictItemVector.Iterator begin() {
    throw noNativeCollection();
  }

  @Override
  public StringSharedModuleDictItemVector.Iterator end() {
    throw noNativeCollection();
  }

  @Override
  public void update(StringSharedModuleVector modules) {
    throw new UnsupportedOperationException(
        "the native vector holds no Java objects; use add(key, module)");
  }

  private static UnsupportedOperationException noNativeCollection() {
    return new UnsupportedOperationException(
        "a native collection would lose the Java objects; use keys() and get(key), or"
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
    Containers.requireOwnClass(this, JavaModuleDict.class);
    JavaModuleDict copy = new JavaModuleDict();
    copy.train(is_training());
    childObjects().forEach((name, child) -> copy.add(name, context.copy(child)));
    return copy;
  }
}
