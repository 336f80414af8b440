// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** Configures JavaCPP's parser for Octet's C headers. */
@Properties(
    target = "dev.octet.bindings",
    global = "dev.octet.bindings.global.octet",
    value = {
      @Platform(
          include = {
            "octet/dlpack.h",
            "octet/status.h",
            "octet/library.h",
            "octet/cuda.h",
            "octet/cuda_event.h",
            "octet/grid.h",
            "octet/fake_quantize.h",
            "octet/quantize.h",
            "octet/range.h",
            "octet/epilogue.h",
            "octet/gemm.h",
            "octet/gemm_float.h",
            "octet/gemm_grouped.h",
            "octet/matmul.h",
            "octet/norm.h",
            "octet/embedding.h",
            "octet/elementwise.h",
            "octet/reduce.h",
            "octet/integers.h",
            "octet/softmax.h",
            "octet/attention.h",
            "octet/recurrent.h",
            "octet/conv2d.h",
            "octet/conv2d_float.h",
            "octet/pool.h"
          },
          link = "octet",
          preload = {})
    })
public class octet implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    infoMap
        .put(new Info("OCTET_API").cppTypes().annotations())
        .put(new Info("defined(_WIN32)", "DLPACK_DLPACK_H_").define(false))
        .put(new Info("octet_grid").pointerTypes("octet_grid"));
  }
}
