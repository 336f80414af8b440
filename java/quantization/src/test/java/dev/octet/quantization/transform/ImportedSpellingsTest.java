// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.ScriptTypeParser;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs as well-known models spell them, imported from TorchScript. */
class ImportedSpellingsTest {

  static Stream<Arguments> spellings() {
    return Stream.of(
        Arguments.of(
            "bert",
            "attention",
            1,
            """
        def forward(self, x, mask):
            h = 3
            q = x.view(x.size(0), x.size(1), h, 4).permute(0, 2, 1, 3)
            k = (x + 1).view(x.size(0), x.size(1), h, 4).permute(0, 2, 1, 3)
            v = (x * 2).view(x.size(0), x.size(1), h, 4).permute(0, 2, 1, 3)
            ext = (1.0 - mask[:, None, None, :]) * -10000.0
            scores = torch.matmul(q, k.transpose(-1, -2))
            scores = scores / torch.sqrt(4)
            scores = scores + ext
            probs = torch.softmax(scores, dim=-1)
            probs = torch.dropout(probs, 0.1, self.training)
            ctx = torch.matmul(probs, v)
            ctx = ctx.permute(0, 2, 1, 3).contiguous()
            return ctx.view(ctx.size(0), ctx.size(1), 12)
        """),
        Arguments.of(
            "nanogpt",
            "attention",
            1,
            """
        def forward(self, x, mask):
            B, T, C = x.size()
            q, k, v = torch.cat([x, x + 1, x * 2], 2).split(12, dim=2)
            k = k.view(B, T, 3, C // 3).transpose(1, 2)
            q = q.view(B, T, 3, C // 3).transpose(1, 2)
            v = v.view(B, T, 3, C // 3).transpose(1, 2)
            bias = torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16)
            att = (q @ k.transpose(-2, -1)) * (1.0 / torch.sqrt(k.size(-1)))
            att = att.masked_fill(bias[:,:,:T,:T] == 0, float('-inf'))
            att = torch.softmax(att, dim=-1)
            y = att @ v
            return y.transpose(1, 2).contiguous().view(B, T, C)
        """),
        Arguments.of(
            "vit",
            "attention",
            1,
            """
        def forward(self, x, mask):
            B, N, C = x.shape
            qkv = torch.cat([x, x + 1, x * 2], 2).reshape(B, N, 3, 3, C // 3).permute(2, 0, 3, 1, 4)
            q, k, v = qkv[0], qkv[1], qkv[2]
            attn = (q @ k.transpose(-2, -1)) * 0.5
            attn = attn.softmax(dim=-1)
            return (attn @ v).transpose(1, 2).reshape(B, N, C)
        """),
        Arguments.of(
            "vit-unbind",
            "attention",
            1,
            """
        def forward(self, x, mask):
            B, N, C = x.shape
            qkv = torch.cat([x, x + 1, x * 2], 2).reshape(B, N, 3, 3, C // 3).permute(2, 0, 3, 1, 4)
            q, k, v = qkv.unbind(0)
            q = q * 0.5
            attn = q @ k.transpose(-2, -1)
            attn = attn.softmax(dim=-1)
            return (attn @ v).transpose(1, 2).reshape(B, N, C)
        """),
        Arguments.of(
            "gpt2",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), x.size(1), 3, 4).permute(0, 2, 1, 3)
            k = (x + 1).view(x.size(0), x.size(1), 3, 4).permute(0, 2, 3, 1)
            v = (x * 2).view(x.size(0), x.size(1), 3, 4).permute(0, 2, 1, 3)
            w = torch.matmul(q, k)
            w = w / (float(v.size(-1)) ** 0.5)
            nd, ns = w.size(-2), w.size(-1)
            bias = torch.tril(torch.ones(16, 16, dtype=0)).view(1, 1, 16, 16)
            causal = bias[:, :, ns - nd : ns, :ns]
            w = torch.where(causal.to(11), w, torch.tensor(-1e4))
            w = torch.softmax(w, -1)
            return torch.matmul(w, v)
        """),
        Arguments.of(
            "gpt2-new",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), x.size(1), 3, 4).permute(0, 2, 1, 3)
            k = (x + 1).view(x.size(0), x.size(1), 3, 4).permute(0, 2, 1, 3)
            v = (x * 2).view(x.size(0), x.size(1), 3, 4).permute(0, 2, 1, 3)
            w = torch.matmul(q, k.transpose(-1, -2))
            w = w / torch.full([], v.size(-1) ** 0.5, dtype=w.dtype, device=w.device)
            nd, ns = w.size(-2), w.size(-1)
            bias = torch.tril(torch.ones(16, 16, dtype=11)).view(1, 1, 16, 16)
            causal = bias[:, :, ns - nd : ns, :ns]
            w = torch.where(causal, w.to(w.dtype), torch.full([], -3.4028234663852886e+38, dtype=w.dtype, device=w.device))
            w = torch.softmax(w, -1)
            w = w.type(v.dtype)
            return torch.matmul(w, v)
        """),
        Arguments.of(
            "bart",
            "attention",
            1,
            """
        def forward(self, x, mask):
            bsz, tgt_len, _ = x.size()
            q = x * 0.5
            q = q.view(bsz, tgt_len, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            k = (x + 1).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            v = (x * 2).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            src_len = k.size(1)
            attn = torch.bmm(q, k.transpose(1, 2))
            m = (1.0 - mask[:, None, None, :]) * -10000.0
            attn = attn.view(bsz, 3, tgt_len, src_len) + m
            attn = attn.view(bsz * 3, tgt_len, src_len)
            attn = torch.softmax(attn, dim=-1)
            out = torch.bmm(attn, v)
            return out.view(bsz, 3, tgt_len, 4).transpose(1, 2).reshape(bsz, tgt_len, 12)
        """),
        Arguments.of(
            "t5",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), -1, 3, 4).transpose(1, 2)
            k = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            v = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            scores = torch.matmul(q, k.transpose(3, 2))
            position_bias = torch.arange(75.0).view(1, 3, 5, 5) * 0.01 + (1.0 - mask[:, None, None, :]) * -1e9
            scores += position_bias
            w = torch.softmax(scores.float(), dim=-1).type_as(scores)
            w = torch.dropout(w, 0.1, False)
            return torch.matmul(w, v).transpose(1, 2).contiguous()
        """),
        Arguments.of(
            "llama",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), -1, 3, 4).transpose(1, 2)
            k = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            v = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            w = torch.matmul(q, k.transpose(2, 3)) * 0.5
            causal = torch.full([5, 5], -3.4028234663852886e+38).triu(1)
            w = w + causal[None, None, :, :5]
            w = torch.softmax(w, dim=-1, dtype=6).to(q.dtype)
            return torch.matmul(w, v)
        """),
        Arguments.of(
            "transformer-annotated",
            "attention",
            1,
            """
        def forward(self, x, mask):
            query = x.view(x.size(0), -1, 3, 4).transpose(1, 2)
            key = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            value = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            d_k = query.size(-1)
            scores = torch.matmul(query, key.transpose(-2, -1)) / torch.sqrt(d_k)
            scores = scores.masked_fill(mask[:, None, None, :] == 0, -1e9)
            p = scores.softmax(dim=-1)
            return torch.matmul(p, value)
        """),
        Arguments.of(
            "distilbert",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), -1, 3, 4).transpose(1, 2)
            k = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            v = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            q = q / torch.sqrt(4)
            scores = torch.matmul(q, k.transpose(2, 3))
            m = (mask == 0).view(x.size(0), 1, 1, x.size(1)).expand_as(scores)
            scores = scores.masked_fill(m, -3.4028234663852886e+38)
            w = torch.softmax(scores, dim=-1)
            return torch.matmul(w, v)
        """),
        Arguments.of(
            "swin",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), -1, 3, 4).transpose(1, 2) * 0.5
            k = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            v = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            attn = q.matmul(k.transpose(-2, -1))
            rel = (torch.arange(25).view(5, 5, 1) * 0.1).repeat(1, 1, 3).permute(2, 0, 1).contiguous()
            attn = attn + rel.unsqueeze(0)
            attn = torch.softmax(attn, dim=-1)
            return (attn @ v).transpose(1, 2)
        """),
        Arguments.of(
            "mha",
            "attention",
            1,
            """
        def forward(self, x, mask):
            bsz, tgt_len, embed = x.shape
            q = x.transpose(0, 1).contiguous().view(tgt_len, bsz * 3, 4).transpose(0, 1)
            k = (x + 1).transpose(0, 1).contiguous().view(tgt_len, bsz * 3, 4).transpose(0, 1)
            v = (x * 2).transpose(0, 1).contiguous().view(tgt_len, bsz * 3, 4).transpose(0, 1)
            B, Nt, E = q.shape
            q_scaled = q * torch.sqrt(1.0 / float(E))
            am = torch.zeros(B, Nt, Nt)
            w = torch.baddbmm(am, q_scaled, k.transpose(-2, -1))
            w = torch.softmax(w, dim=-1)
            return torch.bmm(w, v)
        """),
        Arguments.of(
            "clip",
            "attention",
            1,
            """
        def forward(self, x, mask):
            bsz, tgt_len, _ = x.size()
            q = (x * 0.5).view(bsz, tgt_len, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            k = (x + 1).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            v = (x * 2).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            src_len = k.size(1)
            attn = torch.bmm(q, k.transpose(1, 2))
            causal = torch.full([5, 5], -3.4028234663852886e+38).triu(1)[None, None]
            attn = attn.view(bsz, 3, tgt_len, src_len) + causal
            attn = attn.view(bsz * 3, tgt_len, src_len)
            m = (1.0 - mask[:, None, None, :]) * -10000.0
            attn = attn.view(bsz, 3, tgt_len, src_len) + m
            attn = attn.view(bsz * 3, tgt_len, src_len)
            attn = torch.softmax(attn, dim=-1)
            return torch.bmm(attn, v)
        """),
        Arguments.of(
            "opt",
            "attention",
            1,
            """
        def forward(self, x, mask):
            bsz, tgt_len, _ = x.size()
            q = (x * 0.5).view(bsz, tgt_len, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            k = (x + 1).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            v = (x * 2).view(bsz, -1, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, -1, 4)
            src_len = k.size(1)
            attn = torch.bmm(q, k.transpose(1, 2))
            causal = torch.full([5, 5], -3.4028234663852886e+38).triu(1)[None, None]
            attn = attn.view(bsz, 3, tgt_len, src_len) + causal
            attn = torch.max(attn, torch.tensor(-3.4028234663852886e+38))
            attn = attn.view(bsz * 3, tgt_len, src_len)
            attn = torch.softmax(attn, dim=-1)
            return torch.bmm(attn, v)
        """),
        Arguments.of(
            "neox",
            "attention",
            1,
            """
        def forward(self, x, mask):
            bsz, n, _ = x.size()
            q = x.view(bsz, n, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, n, 4)
            k = (x + 1).view(bsz, n, 3, 4).transpose(1, 2).contiguous().view(bsz * 3, n, 4)
            v = (x * 2).view(bsz, n, 3, 4).transpose(1, 2)
            z = torch.zeros(bsz * 3, n, n)
            attn = torch.baddbmm(z, q, k.transpose(1, 2), beta=1.0, alpha=0.5)
            attn = attn.view(bsz, 3, n, n)
            attn = attn + (1.0 - mask[:, None, None, :]) * -10000.0
            attn = torch.softmax(attn, dim=-1)
            return torch.bmm(attn.view(bsz * 3, n, n), v.reshape(bsz * 3, n, 4))
        """),
        Arguments.of(
            "x-transformers",
            "attention",
            1,
            """
        def forward(self, x, mask):
            q = x.view(x.size(0), -1, 3, 4).transpose(1, 2)
            k = (x + 1).view(x.size(0), -1, 3, 4).transpose(1, 2)
            v = (x * 2).view(x.size(0), -1, 3, 4).transpose(1, 2)
            dots = torch.einsum('... i d, ... j d -> ... i j', [q, k]) * 0.5
            attn = dots.softmax(dim=-1)
            return torch.einsum('... i j, ... j d -> ... i d', [attn, v])
        """),
        Arguments.of(
            "non-local",
            "attention",
            1,
            """
        def forward(self, x, mask):
            theta = x.view(2, 10, 6).permute(0, 2, 1)
            phi = (x + 1).view(2, 10, 6)
            g = (x * 2).view(2, 10, 6).permute(0, 2, 1)
            f = torch.matmul(theta, phi)
            return torch.matmul(torch.softmax(f, dim=-1), g)
        """),
        Arguments.of(
            "layernorm-hf",
            "layer-norm",
            1,
            """
        def forward(self, x, mask):
            u = x.mean(-1, keepdim=True)
            s = (x - u).pow(2).mean(-1, keepdim=True)
            return (x - u) / torch.sqrt(s + 1e-12)
        """),
        Arguments.of(
            "layernorm-nvidia",
            "layer-norm",
            1,
            """
        def forward(self, x, mask):
            mean = torch.mean(x, -1, True)
            var = torch.var(x, -1, unbiased=False, keepdim=True)
            return (x - mean) * torch.rsqrt(var + 1e-5)
        """),
        Arguments.of(
            "layernorm-jax",
            "layer-norm",
            1,
            """
        def forward(self, x, mask):
            mean = x.mean(dim=-1, keepdim=True)
            var = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
            std = (var + 1e-5).sqrt()
            return (x - mean) / std
        """),
        Arguments.of(
            "layernorm-varmean",
            "layer-norm",
            1,
            """
        def forward(self, x, mask):
            var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
            return (x - mean) / torch.sqrt(var + 1e-5)
        """),
        Arguments.of(
            "rms",
            "rms-norm",
            1,
            """
        def forward(self, x, mask):
            variance = x.pow(2).mean(-1, keepdim=True)
            return x * torch.rsqrt(variance + 1e-6)
        """),
        Arguments.of(
            "rms-llama",
            "rms-norm",
            1,
            """
        def forward(self, x, mask):
            h = x.to(6)
            variance = h.pow(2).mean(-1, keepdim=True)
            h = h * torch.rsqrt(variance + 1e-6)
            return h.to(x.dtype)
        """),
        Arguments.of(
            "rms-t5",
            "rms-norm",
            1,
            """
        def forward(self, x, mask):
            variance = x.to(6).pow(2).mean(-1, keepdim=True)
            return x * torch.rsqrt(variance + 1e-6)
        """),
        Arguments.of(
            "gelu-new",
            "gelu-tanh",
            1,
            """
        def forward(self, x, mask):
            return 0.5 * x * (1.0 + torch.tanh(torch.sqrt(2.0 / 3.141592653589793) * (x + 0.044715 * torch.pow(x, 3.0))))
        """),
        Arguments.of(
            "gelu-fast",
            "gelu-tanh",
            1,
            """
        def forward(self, x, mask):
            return 0.5 * x * (1.0 + torch.tanh(x * 0.7978845608 * (1.0 + 0.044715 * x * x)))
        """),
        Arguments.of(
            "gelu-python",
            "gelu",
            1,
            """
        def forward(self, x, mask):
            return x * 0.5 * (1.0 + torch.erf(x / torch.sqrt(2.0)))
        """),
        Arguments.of(
            "gelu-torchvision",
            "gelu",
            1,
            """
        def forward(self, x, mask):
            cdf = 0.5 * (1.0 + torch.erf(x / 1.4142135623730951))
            return x * cdf
        """),
        Arguments.of(
            "quick-gelu",
            "gelu",
            0,
            """
        def forward(self, x, mask):
            return x * torch.sigmoid(1.702 * x)
        """),
        Arguments.of(
            "swish-inplace",
            "silu",
            1,
            """
        def forward(self, x, mask):
            h = x + 1
            return h.mul_(h.sigmoid())
        """));
  }

  private static GraphModule load(String source, boolean training) {
    JitModule module = new JitModule(new QualifiedName("__torch__.Spelling"));
    try (ScriptTypeParser parser = new ScriptTypeParser()) {
      module.register_attribute("training", parser.parseType("bool"), new IValue(training));
    }
    module.define(source);
    return (GraphModule) TorchScriptImporter.of(module).model();
  }

  private static Tensor mask() {
    Tensor mask = torch.ones(2, 5);
    mask.narrow(1, 3, 2).zero_();
    return mask;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("spellings")
  void isFound(String name, String pattern, int count, String source) {
    GraphModule model = load(source, false);
    Tensor x = torch.randn(2, 5, 12);
    Tensor before = model.forward(x.clone(), mask());
    String code = model.code();
    CleanupReport report = PatternCleanup.apply(model);
    assertEquals(count, report.count(pattern), () -> code + report);
    Tensor after = model.forward(x.clone(), mask());
    double scale = before.abs().max().item_double();
    double difference = before.sub(after).abs().max().item_double();
    assertTrue(difference <= 1e-5 * scale, () -> difference + " of " + scale + model.code());
  }

  @Test
  void dropoutIsLeftInTrainingMode() {
    Object[] bert = spellings().findFirst().orElseThrow().get();
    CleanupReport report = PatternCleanup.apply(load((String) bert[3], true));
    assertEquals(List.of(), report.found());
    assertTrue(report.left().get(0).reason().contains("dropout is active"), report.toString());
  }
}
