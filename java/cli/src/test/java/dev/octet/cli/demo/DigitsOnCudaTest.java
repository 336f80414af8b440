// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network of the demonstration, lowered: convolutions, pooling and linear layers. */
@NeedsCuda
class DigitsOnCudaTest {
  private static final int IMAGES = 8;

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void classifiesAsOnTheCpu(int bits) throws IOException {
    torch.manual_seed(1);
    try (Digits digits = Digits.load(1);
        PointerScope scope = new PointerScope()) {
      DigitsNet model = new DigitsNet();
      model.eval();
      DigitsNet converted = Demo.convert(model, digits, bits, Demo.MIN_MAX);
      Program program = DigitsProgram.of(converted, Demo.map(bits, Demo.MIN_MAX));
      Tensor images = digits.test().images().narrow(0, 0, IMAGES);
      Map<String, TensorData> inputs =
          Map.of("images", TensorData.of(Tensors.toFloats(images), Tensors.shape(images)));
      try (Session session = Session.open(program)) {
        OnCuda.assertSame(program, inputs, session.run(inputs));
      }
    }
  }
}
