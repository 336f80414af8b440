// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;

/** What there was of native memory, streams and graphs when it was made. */
record CudaLeaks(long blocks, long deviceBlocks, long deviceBytes, long streams, long graphs) {
  CudaLeaks() {
    this(
        NativeBlock.liveBlocks(),
        DeviceBlock.liveBlocks(),
        DeviceBlock.liveBytes(),
        CudaStream.live(),
        CudaGraph.live());
  }

  /** Fails if there is more or less now. */
  void check() {
    assertEquals(this, new CudaLeaks());
  }
}
