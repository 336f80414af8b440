// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.StructuralCopy;
import dev.octet.quantization.tree.WrapperModule;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** A module with a quantizer in front of its first input. */
public final class QuantizedInputModule extends Module
    implements ChildHolder, FreshOutput, StructuralCopy, WrapperModule {
  private static final String MODULE = "module";
  private static final String INPUT_QUANTIZER = "input_quantizer";

  private final NamedChildren children = new NamedChildren(this);
  private final QuantizedActivation inputQuantizer;

  /** Puts a quantizer in front of a module, which becomes the child {@code module}. */
  public QuantizedInputModule(Module module, ActivationQuantConfig config) {
    children.register(MODULE, module);
    inputQuantizer =
        new QuantizedActivation(new QuantizationConfig(config, WeightQuantConfig.ofBits(8)));
    children.register(INPUT_QUANTIZER, inputQuantizer);
  }

  private QuantizedInputModule(QuantizedInputModule original, CopyContext context) {
    train(original.is_training());
    children.register(MODULE, context.copy(original.children.get(MODULE)));
    inputQuantizer = (QuantizedActivation) context.copy(original.inputQuantizer);
    children.register(INPUT_QUANTIZER, inputQuantizer);
  }

  /** Quantizes the input and calls the module. */
  public Tensor forward(Tensor input) {
    Tensor quantized = inputQuantizer.forward(input);
    Tensor output = null;
    try {
      output = ModuleCall.forward(module(), quantized);
      return output;
    } finally {
      // A module may hand its input through, as Identity does; then it is the caller's.
      if (quantized != input && quantized != output) {
        quantized.close();
      }
    }
  }

  /** Quantizes the first argument and calls the module with it and the others. */
  public Object forward(Object... args) {
    return forwardAround(quantized -> ModuleCall.forward(module(), quantized), args);
  }

  @Override
  public Object forwardAround(Function<Object[], Object> inner, Object... args) {
    if (args.length == 0 || !(args[0] instanceof Tensor input)) {
      throw new IllegalArgumentException(
          "the first argument is "
              + (args.length == 0 ? "missing" : String.valueOf(args[0]))
              + ", expected a tensor: a QuantizedInputModule quantizes its first input");
    }
    Object[] quantizedArgs = args.clone();
    Tensor quantized = inputQuantizer.forward(input);
    quantizedArgs[0] = quantized;
    Object output = null;
    try {
      output = inner.apply(quantizedArgs);
      return output;
    } finally {
      // Inside a tuple or a list it might be handed through, too, and is left to the collector.
      boolean closable = output == null || output instanceof Tensor && output != quantized;
      if (quantized != input && closable) {
        quantized.close();
      }
    }
  }

  private Module module() {
    return children.get(MODULE);
  }

  /** Returns the quantizer in front. */
  public QuantizedActivation inputQuantizer() {
    return inputQuantizer;
  }

  @Override
  public boolean returnsFresh() {
    return ModuleCall.returnsFresh(facadeInner());
  }

  @Override
  public Module facadeInner() {
    return module();
  }

  @Override
  public Map<String, Module> childObjects() {
    return children.view();
  }

  @Override
  public void childObject(String name, Module module) {
    if (name.equals(INPUT_QUANTIZER)) {
      throw FixedChildren.refuse(this, name);
    }
    children.put(name, module);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return new QuantizedInputModule(this, context);
  }
}
