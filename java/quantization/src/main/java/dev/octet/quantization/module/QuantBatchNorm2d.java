// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTypes;
import dev.octet.quantization.tree.StructuralCopy;
import dev.octet.quantization.tree.WrapperModule;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * A module whose output is quantized, while the module itself, weights and all, stays as it is.
 * Made for batch normalization, it wraps any module of one tensor that returns one.
 */
public final class QuantBatchNorm2d extends Module
    implements ChildHolder, FreshOutput, StructuralCopy, WrapperModule {
  private static final String MODULE = "module";
  private static final String QUANTIZER = "act_bn_quantizer";

  private final NamedChildren children = new NamedChildren(this);
  private final QuantizedActivation quantizer;

  /** Wraps a module, which becomes the child {@code module}. */
  public QuantBatchNorm2d(Module module, QuantizationConfig config) {
    children.register(MODULE, module);
    quantizer = new QuantizedActivation(config);
    children.register(QUANTIZER, quantizer);
  }

  private QuantBatchNorm2d(QuantBatchNorm2d original, CopyContext context) {
    train(original.is_training());
    children.register(MODULE, context.copy(original.children.get(MODULE)));
    quantizer = (QuantizedActivation) context.copy(original.quantizer);
    children.register(QUANTIZER, quantizer);
  }

  /** Calls the module and quantizes what it returns. */
  public Tensor forward(Tensor input) {
    Module module = children.get(MODULE);
    Tensor output = ModuleCall.forward(module, input);
    Tensor quantized = quantizer.forward(output);
    if (quantized != output && output != input && ModuleCall.returnsFresh(module)) {
      output.close();
    }
    return quantized;
  }

  @Override
  public Object forwardAround(Function<Object[], Object> inner, Object... args) {
    Object output = inner.apply(args);
    if (!(output instanceof Tensor tensor)) {
      throw new IllegalStateException(
          ModuleTypes.typeName(facadeInner())
              + " returned "
              + output
              + ", expected one tensor: a QuantBatchNorm2d quantizes its output");
    }
    Tensor quantized = quantizer.forward(tensor);
    if (quantized != tensor) {
      tensor.close();
    }
    return quantized;
  }

  /** Returns the quantizer behind the module. */
  public QuantizedActivation outputQuantizer() {
    return quantizer;
  }

  @Override
  public boolean returnsFresh() {
    return ModuleCall.returnsFresh(facadeInner());
  }

  @Override
  public Module facadeInner() {
    return children.get(MODULE);
  }

  @Override
  public Map<String, Module> childObjects() {
    return children.view();
  }

  @Override
  public void childObject(String name, Module module) {
    if (name.equals(QUANTIZER)) {
      throw FixedChildren.refuse(this, name);
    }
    children.put(name, module);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return new QuantBatchNorm2d(this, context);
  }
}
