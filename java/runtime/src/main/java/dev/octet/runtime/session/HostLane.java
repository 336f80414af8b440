// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import org.bytedeco.javacpp.Pointer;

/** Runs on the CPU: every call is done when it returns. */
final class HostLane implements Lane {
  private final Address from = new Address(0);
  private final Address to = new Address(0);

  @Override
  public MemoryBlock allocate(long bytes, String purpose) {
    return NativeBlock.allocate(bytes, purpose);
  }

  @Override
  public void enterStream(long stream) {
    throw new IllegalStateException("the CPU has no streams");
  }

  @Override
  public void leaveStream() {}

  @Override
  public Pointer stream() {
    return null;
  }

  @Override
  public boolean reaches(TensorData data) {
    return data.isInPlace();
  }

  @Override
  public long hostMemory(long place, long bytes, String purpose) {
    return place;
  }

  @Override
  public int copy(long target, long source, long bytes) {
    if (bytes > 0) {
      to.moveTo(target);
      from.moveTo(source);
      Pointer.memcpy(to, from, bytes);
    }
    return octet.OCTET_OK;
  }

  @Override
  public int launch(Calls calls, long[] places) {
    return calls.run();
  }

  @Override
  public Mark mark() {
    throw new IllegalStateException("on the CPU nothing is enqueued");
  }

  @Override
  public int finish() {
    return octet.OCTET_OK;
  }

  @Override
  public void close() {}
}
