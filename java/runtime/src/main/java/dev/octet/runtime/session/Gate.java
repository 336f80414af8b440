// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * An input or output of a {@link PlanInstance}: brings the caller's elements to where the calls
 * read them and back, or lets the calls use the caller's memory.
 */
final class Gate {
  private static final int LARGEST_SLOT = Integer.MAX_VALUE;

  /** A tensor whose data may lie in the caller's memory, some bytes from the value's beginning. */
  record Movable(StructMemory.DataField field, long offset) {}

  private final Plan.Port port;
  private final Lane lane;
  private final long ownAddress;
  private final List<Movable> movables;
  private final List<MovableCopy> copies = new ArrayList<>();
  private final long[] places;
  private final int place;
  private long hostAddress;
  private TensorData.Slot slot;

  /**
   * Makes a gate that points to its own memory.
   *
   * @param ownAddress where the value lies in the arena
   * @param movables the tensors that calls see; may grow later on
   * @param places where to write the address that is in use
   * @param place where in there
   */
  Gate(
      Plan.Port port,
      Lane lane,
      long ownAddress,
      List<Movable> movables,
      long[] places,
      int place) {
    this.port = port;
    this.lane = lane;
    this.ownAddress = ownAddress;
    this.movables = movables;
    this.places = places;
    this.place = place;
    places[place] = ownAddress;
  }

  Plan.Port port() {
    return port;
  }

  long ownAddress() {
    return ownAddress;
  }

  /** Lets one end of a copy follow this gate's memory. */
  void add(MovableCopy copy) {
    copies.add(copy);
  }

  /** Points the calls to the caller's memory if they can use it, else to the gate's own. */
  void pointTo(TensorData data) {
    long address = lane.reaches(data) ? data.address() : ownAddress;
    long before = places[place];
    if (address == before) {
      return;
    }
    places[place] = address;
    for (int i = 0; i < movables.size(); i++) {
      Movable movable = movables.get(i);
      movable.field().set(address + movable.offset());
    }
    for (int i = 0; i < copies.size(); i++) {
      copies.get(i).move(this, address);
    }
  }

  /** Gets elements to where the calls read them. */
  void bringIn(TensorData data) {
    pointTo(data);
    if (lane.reaches(data)) {
      return;
    }
    if (!data.isInPlace()) {
      data.copyTo(slot(), (int) port.bytes());
    }
    enqueue(ownAddress, hostAddress(data));
  }

  /** Begins to get elements from where the calls wrote them. */
  void sendOut(TensorData data) {
    if (!lane.reaches(data)) {
      if (!data.isInPlace()) {
        slot();
      }
      enqueue(hostAddress(data), ownAddress);
    }
  }

  /** Ends getting elements from where the calls wrote them, when all else is done. */
  void deliver(TensorData data) {
    if (!data.isInPlace()) {
      data.copyFrom(slot(), (int) port.bytes());
    }
  }

  private long hostAddress(TensorData data) {
    return data.isInPlace() ? data.address() : hostAddress;
  }

  private void enqueue(long target, long source) {
    if (target != source) {
      int status = lane.copy(target, source, port.bytes());
      if (status != octet.OCTET_OK) {
        NativeLibrary.check(status);
      }
    }
  }

  private TensorData.Slot slot() {
    if (slot == null) {
      String name = "'" + port.value().name() + "'";
      if (port.bytes() > LARGEST_SLOT) {
        throw new IllegalArgumentException(
            name
                + " has "
                + port.bytes()
                + " bytes, more than can be copied from or to the heap; give a direct buffer or"
                + " a DLPack tensor for it");
      }
      hostAddress = lane.hostMemory(ownAddress, port.bytes(), "copies of " + name);
      slot = TensorData.Slot.of(NativeBlock.view(hostAddress, (int) port.bytes()));
    }
    return slot;
  }
}
