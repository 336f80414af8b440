// SPDX-License-Identifier: Apache-2.0
// What a device can do at most: the roofline that rows are held to.
#ifndef OCTET_BENCH_CUDA_DEVICE_H_
#define OCTET_BENCH_CUDA_DEVICE_H_

#include <string>

#include "timing.h"

namespace octet {
namespace bench {

/** What multiplies and adds. */
enum class Arithmetic { kInt8, kF32 };

/** What a row does, whatever does it. */
struct Work {
  /** That have to be read or written, each once. */
  double bytes;
  /** A multiplication and an addition are two. 0: the row is held to a copy alone. */
  double operations = 0.0;
  Arithmetic arithmetic = Arithmetic::kInt8;
};

class Device {
 public:
  explicit Device(const octet_cuda_properties& properties);

  /** Measures bandwidth, once. */
  void Measure(const Timer& timer);

  const char* name() const { return properties_.name; }
  /** "sm_90", for example. */
  std::string architecture() const;
  /** An emulator, which has no times. */
  bool emulated() const;
  const octet_cuda_properties& properties() const { return properties_; }

  /** 10^12 operations a second at the highest clock; 0 where not known. */
  double PeakTops(Arithmetic arithmetic) const;
  /** 10^9 bytes a second, read and written, of a large copy. */
  double bandwidth() const { return bandwidth_; }
  /** The least microseconds that work with operations can take; 0 where not known. */
  double Roofline(const Work& work) const;

 private:
  octet_cuda_properties properties_;
  /** Clocks in a microsecond. */
  double clock_ = 0.0;
  double bandwidth_ = 0.0;
};

/** Microseconds of a copy within the device that reads and writes so many bytes altogether. */
double CopyTime(const Timer& timer, double bytes);

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_DEVICE_H_
