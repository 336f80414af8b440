// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import static dev.octet.runtime.cuda.presets.PresetStreamTest.assertWords;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.type.Device;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.junit.jupiter.api.Test;

@NeedsCudaPresets
class PresetDevicesTest {
  @Test
  void propertiesAreThoseOfTheDeviceThatKernelsRunOn() {
    int devices = NativeLibrary.cudaDevices().size();
    for (int i = 0; i < devices; i++) {
      Device device = Device.cuda(i);
      try (cudaDeviceProp properties = PresetDevices.properties(device)) {
        String ours = NativeLibrary.cudaDevices().get(i);
        assertTrue(ours.contains(properties.name().getString()), ours);
        assertTrue(ours.contains("sm_" + properties.major() + properties.minor() + ","), ours);
        assertTrue(ours.contains(properties.multiProcessorCount() + " multiprocessors"), ours);
        assertTrue(properties.totalGlobalMem() > 0);
        assertEquals(32, properties.warpSize());
      }
      PresetDevices.requireSame(device);
      PresetDevices.requireSame(device);
    }
    assertWords(
        IllegalArgumentException.class,
        () -> PresetDevices.properties(Device.cuda(devices)),
        "device is cuda:" + devices + "; expected cuda:0");
    assertWords(
        IllegalArgumentException.class,
        () -> PresetDevices.properties(Device.cpu()),
        "device is cpu; expected a CUDA device");
  }
}
