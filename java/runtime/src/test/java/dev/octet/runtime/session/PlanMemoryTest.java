// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PlanMemoryTest {
  @Test
  void noMoreThanTheLimitIsReserved() {
    PlanMemory memory = new PlanMemory(100);
    assertEquals(100, memory.most());
    assertTrue(memory.tryReserve(60));
    assertFalse(memory.tryReserve(41));
    assertTrue(memory.tryReserve(40));
    assertEquals(100, memory.reserved());
    memory.release(60);
    assertFalse(memory.tryReserve(Long.MAX_VALUE));
    assertTrue(memory.tryReserve(60));
  }

  @Test
  void theMachineIsTheLimitUnlessAnotherIsSet() {
    assertEquals(SessionOptions.MACHINE_MEMORY, SessionOptions.defaults().maxPlanBytes());
    PlanMemory memory = new PlanMemory(SessionOptions.MACHINE_MEMORY);
    long machine = memory.most();
    assertTrue(machine > 1L << 28 && machine < 1L << 50, machine + " bytes");
    assertTrue(memory.tryReserve(1));
    assertFalse(memory.tryReserve(machine));
    assertFalse(memory.tryReserve(Long.MAX_VALUE));
    assertTrue(memory.tryReserve(machine - 1));
    assertFalse(memory.tryReserve(1));
    memory.release(machine - 1);
    assertEquals(1, memory.reserved());
  }
}
