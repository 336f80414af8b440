// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.bytedeco.pytorch.global.torch.arange;
import static org.bytedeco.pytorch.global.torch.log_softmax;
import static org.bytedeco.pytorch.global.torch.relu;
import static org.bytedeco.pytorch.global.torch.softmax;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.AvgPool2dImpl;
import org.bytedeco.pytorch.AvgPool2dOptions;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.FlattenImpl;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.StringSharedModuleDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Models as people who have never heard of quantization write them.
 *
 * <p>The presets' pooling, dropout and batch normalization modules belong to their Java object
 * alone: it has to stay reachable, or the model is left with a module that is gone. So they stand
 * in fields.
 */
final class UserModels {
  private UserModels() {}

  /** The presets' own example. */
  static class Mnist extends Module {
    final LinearImpl fc1;
    final LinearImpl fc2;
    final LinearImpl fc3;

    Mnist() {
      fc1 = register_module("fc1", new LinearImpl(64, 32));
      fc2 = register_module("fc2", new LinearImpl(32, 16));
      fc3 = register_module("fc3", new LinearImpl(16, 10));
    }

    Tensor forward(Tensor input) {
      Tensor x = relu(fc1.forward(input.reshape(input.size(0), 64)));
      x = relu(fc2.forward(x));
      return log_softmax(fc3.forward(x), 1);
    }
  }

  static Conv2dImpl conv(long in, long out, long kernel, long stride) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(kernel, kernel));
    options.stride().put(new long[] {stride, stride});
    options.padding().put(new LongPointer(kernel / 2, kernel / 2));
    return new Conv2dImpl(options);
  }

  private static class ConvBlock extends Module {
    private final Conv2dImpl conv;
    private final BatchNorm2dImpl bn;
    private ReLUImpl act = new ReLUImpl();

    ConvBlock(long in, long out, long stride) {
      super("ConvBlock");
      conv = register_module("conv", UserModels.conv(in, out, 3, stride));
      bn = register_module("bn", new BatchNorm2dImpl(new BatchNormOptions(out)));
      act = register_module("act", act);
    }

    public Tensor forward(Tensor x) {
      return act.forward(bn.forward(conv.forward(x)));
    }
  }

  private static class Residual extends Module {
    private final ConvBlock first;
    private final ConvBlock second;
    private SequentialImpl shortcut;
    private BatchNorm2dImpl shortcutNorm;

    Residual(long in, long out, long stride) {
      super("Residual");
      first = register_module("first", new ConvBlock(in, out, stride));
      second = register_module("second", new ConvBlock(out, out, 1));
      if (in != out || stride != 1) {
        shortcut = new SequentialImpl();
        shortcut.push_back("0", UserModels.conv(in, out, 1, stride));
        shortcutNorm = new BatchNorm2dImpl(new BatchNormOptions(out));
        shortcut.push_back("1", shortcutNorm);
        register_module("shortcut", shortcut);
      }
    }

    public Tensor forward(Tensor x) {
      Tensor y = second.forward(first.forward(x));
      return y.add(shortcut == null ? x : shortcut.forward(x));
    }
  }

  /** Blocks in blocks, an array, batch normalization, a native Sequential in a ModuleList. */
  static class Vision extends Module {
    private final Conv2dImpl stem;
    final BatchNorm2dImpl bn = new BatchNorm2dImpl(new BatchNormOptions(4));
    private final Residual[] stages = new Residual[2];
    private final AvgPool2dImpl pool;
    private final DropoutImpl drop = new DropoutImpl(0.5);
    private final ModuleListImpl head = new ModuleListImpl();

    Vision() {
      super("Vision");
      stem = register_module("stem", conv(3, 4, 3, 1));
      register_module("bn", bn);
      stages[0] = register_module("stage1", new Residual(4, 4, 1));
      stages[1] = register_module("stage2", new Residual(4, 8, 2));
      pool =
          register_module("pool", new AvgPool2dImpl(new AvgPool2dOptions(new LongPointer(4, 4))));
      SequentialImpl inner = new SequentialImpl();
      inner.push_back("flatten", new FlattenImpl());
      inner.push_back("drop", drop);
      inner.push_back("fc", new LinearImpl(8, 8));
      inner.push_back("act", new ReLUImpl());
      register_module("head", head);
      head.push_back(inner);
      head.push_back(new LinearImpl(8, 5));
    }

    public Tensor forward(Tensor x) {
      Tensor y = relu(bn.forward(stem.forward(x)));
      for (Residual stage : stages) {
        y = stage.forward(y);
      }
      Tensor z = head.get(0).asSequential().forward(pool.forward(y));
      return head.get(1).asLinear().forward(z);
    }
  }

  private static class Attention extends Module {
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl out;
    private final long heads;

    Attention(long width, long heads) {
      super("Attention");
      this.heads = heads;
      query = register_module("query", new LinearImpl(width, width));
      key = register_module("key", new LinearImpl(width, width));
      value = register_module("value", withoutBias(width, width));
      out = register_module("out", new LinearImpl(width, width));
    }

    private static LinearImpl withoutBias(long in, long out) {
      LinearOptions options = new LinearOptions(in, out);
      options.bias().put(false);
      return new LinearImpl(options);
    }

    private Tensor split(Tensor x) {
      return x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2);
    }

    Tensor forward(Tensor x) {
      Tensor q = split(query.forward(x));
      Tensor k = split(key.forward(x));
      Tensor scores = q.matmul(k.transpose(-2, -1)).div(new Scalar(Math.sqrt(q.size(3))));
      Tensor mixed = softmax(scores, -1).matmul(split(value.forward(x)));
      return out.forward(mixed.transpose(1, 2).reshape(x.size(0), x.size(1), -1));
    }
  }

  private static class TransformerBlock extends Module {
    private final Attention attention;
    private final Map<String, LayerNormImpl> norms = new LinkedHashMap<>();
    private final SequentialImpl mlp;
    private final DropoutImpl dropout = new DropoutImpl(0.1);

    TransformerBlock(long width) {
      super("TransformerBlock");
      attention = register_module("attention", new Attention(width, 2));
      norms.put("before", register_module("norm1", norm(width)));
      norms.put("after", register_module("norm2", norm(width)));
      mlp = new SequentialImpl();
      mlp.push_back(new LinearImpl(width, 2 * width));
      mlp.push_back(new GELUImpl());
      mlp.push_back(new LinearImpl(2 * width, width));
      mlp.push_back(dropout);
      register_module("mlp", mlp);
    }

    static LayerNormImpl norm(long width) {
      return new LayerNormImpl(new LayerNormOptions(new LongVector(new long[] {width})));
    }

    public Tensor forward(Tensor x) {
      Tensor y = x.add(attention.forward(norms.get("before").forward(x)));
      return y.add(mlp.forward(norms.get("after").forward(y)));
    }
  }

  /** Embeddings, blocks in a List, a map of heads, two inputs. */
  static class Transformer extends Module {
    private final EmbeddingImpl tokens;
    private final EmbeddingImpl positions;
    private final List<TransformerBlock> blocks = new ArrayList<>();
    private final LayerNormImpl norm;
    private final Map<String, LinearImpl> heads = new LinkedHashMap<>();

    Transformer() {
      super("Transformer");
      tokens = register_module("tokens", new EmbeddingImpl(20, 8));
      positions = register_module("positions", new EmbeddingImpl(6, 8));
      ModuleListImpl layers = register_module("layers", new ModuleListImpl());
      for (int i = 0; i < 2; i++) {
        TransformerBlock block = new TransformerBlock(8);
        layers.push_back(block);
        blocks.add(block);
      }
      norm = register_module("norm", TransformerBlock.norm(8));
      heads.put("a", register_module("head_a", new LinearImpl(8, 3)));
      heads.put("b", register_module("head_b", new LinearImpl(8, 3)));
    }

    public Tensor forward(Tensor indices) {
      Tensor order = arange(new Scalar(indices.size(1)), new TensorOptions(ScalarType.Long));
      Tensor x = tokens.forward(indices).add(positions.forward(order));
      for (TransformerBlock block : blocks) {
        x = block.forward(x);
      }
      x = norm.forward(x).select(1, 0);
      return heads.get("a").forward(x).add(heads.get("b").forward(x));
    }
  }

  /** Children that only libtorch's containers hold. */
  static class Containers extends Module {
    private final ModuleListImpl layers = new ModuleListImpl();
    private final ModuleDictImpl heads;

    Containers() {
      super("Containers");
      for (int i = 0; i < 3; i++) {
        layers.push_back(new LinearImpl(8, 8));
      }
      register_module("layers", layers);
      StringSharedModuleDict named = new StringSharedModuleDict();
      named.insert("mean", new LinearImpl(8, 2));
      named.insert("spread", new LinearImpl(8, 2));
      heads = register_module("heads", new ModuleDictImpl(named));
    }

    public Tensor forward(Tensor input) {
      Tensor x = input;
      for (long i = 0; i < layers.size(); i++) {
        x = relu(layers.get(i).asLinear().forward(x));
      }
      Tensor mean = heads.get("mean").asLinear().forward(x);
      return mean.add(heads.get("spread").asLinear().forward(x).exp());
    }
  }

  /** One layer in two blocks, another one twice in one parent. */
  static class Shared extends Module {
    private static class Tower extends Module {
      private final LinearImpl own;
      private final LinearImpl common;

      Tower(LinearImpl common) {
        super("Tower");
        own = register_module("own", new LinearImpl(8, 8));
        this.common = register_module("common", common);
      }

      public Tensor forward(Tensor x) {
        return common.forward(relu(own.forward(x)));
      }
    }

    private final Tower left;
    private final Tower right;
    private final LinearImpl enter;
    private final LinearImpl leave;

    Shared() {
      super("Shared");
      LinearImpl common = new LinearImpl(8, 8);
      left = register_module("left", new Tower(common));
      right = register_module("right", new Tower(common));
      enter = register_module("enter", new LinearImpl(8, 8));
      leave = register_module("leave", enter);
    }

    public Tensor forward(Tensor x) {
      Tensor y = enter.forward(x);
      return leave.forward(left.forward(y).sub(right.forward(y)));
    }
  }
}
