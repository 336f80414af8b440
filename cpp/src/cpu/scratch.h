// SPDX-License-Identifier: Apache-2.0
// Temporary memory of a thread that is kept between calls, so that nothing is allocated on the hot path after warm-up.
#ifndef OCTET_CPU_SCRATCH_H_
#define OCTET_CPU_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace octet {
namespace cpu {

/**
 * Takes memory from a buffer of the calling thread; what one instance handed out is valid while it lives. Only one
 * instance a thread may live at a time.
 */
class Scratch {
 public:
  /** Memory for all that will be taken: the sum of Bytes<T>(count) over the calls of Take. */
  explicit Scratch(size_t bytes) {
    Buffer& buffer = ThreadBuffer();
    // What is kept is bounded: a thread that once had a large job does not hold on to its memory.
    if (bytes > kKept) {
      large_.reset(new char[bytes]);
      next_ = large_.get();
      return;
    }
    if (bytes > buffer.size) {
      buffer.memory.reset();
      buffer.size = 0;
      buffer.memory.reset(new char[bytes]);
      buffer.size = bytes;
    }
    next_ = buffer.memory.get();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <typename T>
  static size_t Bytes(int64_t count) {
    const size_t elements = static_cast<size_t>(count);
    if (elements > (SIZE_MAX / 4) / sizeof(T)) throw std::bad_alloc();
    return (elements * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  }

  template <typename T>
  T* Take(int64_t count) {
    char* taken = next_;
    next_ += Bytes<T>(count);
    return reinterpret_cast<T*>(taken);
  }

 private:
  static constexpr size_t kAlignment = 16;
  static constexpr size_t kKept = size_t{4} << 20;

  struct Buffer {
    std::unique_ptr<char[]> memory;
    size_t size = 0;
  };

  static Buffer& ThreadBuffer() {
    thread_local Buffer buffer;
    return buffer;
  }

  std::unique_ptr<char[]> large_;
  char* next_ = nullptr;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_SCRATCH_H_
