// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.cuda.CudaDevices;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;

/**
 * A compact tensor in memory of a CUDA device, which sessions there read and write in place: one
 * session's output can be another's input without a way through the host.
 *
 * <pre>{@code
 * try (DeviceTensor features = DeviceTensor.allocate(Device.cuda(0), ElementType.F32, 8, 512)) {
 *   encoder.run(inputs, Map.of("features", features.data()));
 *   scores = classifier.run(Map.of("x", features.data())).get("scores").floats();
 * }
 * }</pre>
 *
 * <p>{@link #close()} frees the memory, which no run must use any more. Not safe for use by several
 * threads at the same time.
 */
public final class DeviceTensor implements AutoCloseable {
  private final Value value;
  private final DeviceBlock block;
  private final StructMemory structs = new StructMemory();
  private final TensorData data;
  private final long dlpack;
  private boolean closed;

  private DeviceTensor(Value value, DeviceBlock block) {
    this.value = value;
    this.block = block;
    this.dlpack =
        structs
            .tensor(block.device(), block.address(), value.type(), value.shape().sizes(), null)
            .tensor()
            .address();
    this.data = TensorData.ofDlpack(dlpack);
  }

  /**
   * Allocates memory; its contents are undefined.
   *
   * @param device a CUDA device
   * @throws IllegalArgumentException if the machine has no device of this number, or for a negative
   *     size
   * @throws UnsupportedOperationException if the device can't be used; the message says why
   * @throws dev.octet.runtime.memory.NativeMemoryException if it has no memory left
   */
  public static DeviceTensor allocate(Device device, ElementType type, long... shape) {
    CudaDevices.requireUsable(device);
    Value value = new Value("a tensor", type, Shape.ofSizes(shape), null);
    DeviceBlock block = DeviceBlock.allocate(device, Plan.bytes(value), "a tensor");
    return new DeviceTensor(value, block);
  }

  /**
   * Returns the memory as sessions take it; bindings must not use it after {@link #close()}.
   *
   * @throws IllegalStateException if it is closed
   */
  public TensorData data() {
    requireOpen();
    return data;
  }

  /**
   * Returns the address of its {@code DLTensor}, for other libraries; valid until it is closed.
   *
   * @throws IllegalStateException if it is closed
   */
  public long dlpack() {
    requireOpen();
    return dlpack;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the tensor is closed; allocate another one");
    }
  }

  /**
   * Copies elements from memory of the host, and waits for it.
   *
   * @throws IllegalArgumentException unless it has as many elements, of the same type
   * @throws IllegalStateException if the tensor is closed
   */
  public void copyFrom(TensorData source) {
    requireFits("source", source);
    copy(source, true);
  }

  /**
   * Copies the elements to memory of the host, and waits for it.
   *
   * @throws IllegalArgumentException unless it has as many elements, of the same type, and can be
   *     written
   * @throws IllegalStateException if the tensor is closed
   */
  public void copyTo(TensorData target) {
    requireFits("target", target);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is a read-only buffer");
    }
    copy(target, false);
  }

  private void requireFits(String name, TensorData host) {
    requireOpen();
    if (!host.device().isCpu()) {
      throw new IllegalArgumentException(
          name + " is on " + host.device() + "; expected memory of the host");
    }
    String complaint = host.complaint(value.type());
    if (complaint != null) {
      throw new IllegalArgumentException(name + " " + complaint);
    }
    if (host.byteLength() != block.bytes()) {
      throw new IllegalArgumentException(
          name
              + " has "
              + host.byteLength()
              + " bytes; expected "
              + block.bytes()
              + ", those of "
              + value.type()
              + value.shape());
    }
  }

  private void copy(TensorData host, boolean toDevice) {
    if (host.isInPlace()) {
      copy(host.address(), toDevice);
      return;
    }
    int bytes = Math.toIntExact(block.bytes());
    try (NativeBlock staged = NativeBlock.allocate(bytes, "a copy of a tensor")) {
      TensorData.Slot slot = TensorData.Slot.of(staged.buffer(0, bytes));
      if (toDevice) {
        host.copyTo(slot, bytes);
      }
      copy(staged.address(), toDevice);
      if (!toDevice) {
        host.copyFrom(slot, bytes);
      }
    }
  }

  private void copy(long hostAddress, boolean toDevice) {
    try (CudaStream stream = CudaStream.create(block.device())) {
      if (toDevice) {
        stream.copy(block.address(), hostAddress, block.bytes());
      } else {
        stream.copy(hostAddress, block.address(), block.bytes());
      }
      stream.synchronize();
    }
  }

  /** Frees the memory; calls after the first do nothing. */
  @Override
  public void close() {
    closed = true;
    block.close();
    structs.close();
  }
}
