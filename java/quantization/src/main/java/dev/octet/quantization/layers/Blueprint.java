// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Module;

/**
 * How to make the module that does what was recorded.
 *
 * @param arguments all that it depends on; equal lists make equal modules
 * @param slots the tensors that its class registers, in order, the buffers behind the parameters
 * @param mode the mode that the recording stands for; null if it is made for both
 * @param maker makes it, with other tensors than the recorded ones
 */
record Blueprint(List<Object> arguments, List<Slot> slots, Boolean mode, Supplier<Module> maker) {

  /** A module without tensors. */
  static Blueprint of(List<Object> arguments, Supplier<Module> maker) {
    return new Blueprint(arguments, List.of(), null, maker);
  }

  /** The same with one more parameter; it is undefined if it is not used. */
  Blueprint withParameter(String name, boolean used) {
    return with(new Slot(name, false, used));
  }

  /** The same with one more buffer; it is undefined if it is not used. */
  Blueprint withBuffer(String name, boolean used) {
    return with(new Slot(name, true, used));
  }

  private Blueprint with(Slot slot) {
    List<Slot> more = new ArrayList<>(slots);
    more.add(slot);
    return new Blueprint(arguments, List.copyOf(more), mode, maker);
  }

  Blueprint inMode(Boolean recorded) {
    return new Blueprint(arguments, slots, recorded, maker);
  }

  boolean agrees(Blueprint other) {
    return arguments.equals(other.arguments) && Objects.equals(mode, other.mode);
  }

  /**
   * A tensor of a class.
   *
   * @param name its name
   * @param buffer whether it is no parameter
   * @param used whether modules with these arguments have it
   */
  record Slot(String name, boolean buffer, boolean used) {}
}
