/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * CUDA devices. Functions of this library whose tensors are on a CUDA device (kDLCUDA) run there, by kernels of a
 * library of its own, liboctet_cuda, which needs a driver and a device and is loaded at first use: without it, all
 * else works as before, and calls with such tensors say in words what is missing.
 *
 * What holds for every call with tensors on a device, beside what the headers of the functions say:
 *
 *   - All tensors of a call are on one device, but for grids: those of codes (axis -1, next to an s8 or u8 tensor) are
 *     read by the call itself, and so are in host memory. Grids of octet_quantize, octet_dequantize and the fake
 *     quantization functions are on the device or, with a single element, in host memory.
 *   - Elements lie at multiples of their size.
 *   - `stream` is a cudaStream_t of the tensors' device, or null for its default stream. Calls return when their work
 *     is enqueued; tensors, workspaces and what a function otherwise calls "read during the call only" in device memory
 *     must live until it is done. Functions without a stream use the default stream and wait for it.
 *   - Calls may be made on any thread, whatever its current device is, and leave that as it was. Several devices may be
 *     used at the same time.
 *   - Results have the bits of those on the CPU, save for the payloads of NaNs.
 *   - What a kernel did wrong (an address that is no memory, for example) is reported by the first call that notices,
 *     as OCTET_DEVICE_ERROR, with the name of the kernel that was launched last and the words of the CUDA runtime. Most
 *     such errors are sticky: the message says so, and every later call of the process fails.
 *
 * Nothing here has been timed on a GPU yet: what comments on kernels say about speed is argued from counters of memory
 * transactions and instructions.
 */
#ifndef OCTET_CUDA_H_
#define OCTET_CUDA_H_

#include <stddef.h>
#include <stdint.h>

#include "octet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Loads the CUDA kernels. Nothing needs to call this: the first call with a tensor on a device does, with null. Once
 * loaded, they stay, and further calls return OCTET_OK. Safe to call from any thread.
 *
 * @param path  the file liboctet_cuda.so; null: the one named by the environment variable OCTET_CUDA_LIBRARY or,
 * without it, the one in the directory of this library or, if there is none, on the system's library path.
 * @return OCTET_UNSUPPORTED with the reason if it can't be loaded, was built for another version of this library, finds
 *         no driver, or no device that its kernels run on.
 */
OCTET_API octet_status octet_cuda_load(const char* path);

/** 1 if kernels can run on some device, else 0; loads the library if no one has. octet_cuda_unavailable says why not.
 */
OCTET_API int32_t octet_cuda_available(void);

/**
 * Why CUDA can't be used, in words that name what is missing (the library, the CUDA runtime, the driver, a device, an
 * architecture), or "" if it can. Loads the library if no one has. Valid until the thread's next call of this function.
 */
OCTET_API const char* octet_cuda_unavailable(void);

/** What there is to know of a device. */
typedef struct octet_cuda_properties {
  /** UTF-8, ends in 0. */
  char name[256];
  /** Compute capability: 8 and 9 for sm_89. */
  int32_t major;
  int32_t minor;
  int32_t multiprocessors;
  /** 1 if this build has kernels for the device, else 0. */
  int32_t supported;
  /** Bytes. */
  int64_t memory;
  int64_t l2_cache;
  /** The most shared memory that a block can have, in bytes. */
  int64_t shared_memory_per_block;
} octet_cuda_properties;

/** The number of devices, usable or not. OCTET_UNSUPPORTED where the library can't be loaded. */
OCTET_API octet_status octet_cuda_device_count(int32_t* count);

/** @param device  0 to the number of devices less 1. */
OCTET_API octet_status octet_cuda_device_properties(int32_t device, octet_cuda_properties* properties);

/** Versions of the CUDA runtime in use and of the one that the driver supports: 1000 * major + 10 * minor. */
OCTET_API octet_status octet_cuda_versions(int32_t* runtime, int32_t* driver);

/**
 * Memory on a device, aligned to 256 bytes, for callers without a CUDA runtime of their own. *memory is null for 0
 * bytes. OCTET_OUT_OF_MEMORY if there is none left.
 */
OCTET_API octet_status octet_cuda_allocate(int32_t device, size_t bytes, void** memory);

/** Frees what octet_cuda_allocate gave, after waiting for the device; null is fine. */
OCTET_API octet_status octet_cuda_free(int32_t device, void* memory);

/**
 * Enqueues a copy between memory of the host and of a device, or within either. From and to pageable host memory it has
 * been staged when the call returns, but has not necessarily arrived: octet_cuda_synchronize waits for it.
 */
OCTET_API octet_status octet_cuda_copy(int32_t device, void* to, const void* from, size_t bytes, void* stream);

/** A stream that does not wait for the default stream, and its end. */
OCTET_API octet_status octet_cuda_stream_create(int32_t device, void** stream);
OCTET_API octet_status octet_cuda_stream_destroy(int32_t device, void* stream);

/** Waits until all work of the stream (null: the default stream) is done, and reports what went wrong on the way. */
OCTET_API octet_status octet_cuda_synchronize(int32_t device, void* stream);

/**
 * Memory of the host that does not move ("pinned"), which copies to and from the device go to directly and without
 * waiting. *memory is null for 0 bytes. OCTET_OUT_OF_MEMORY if there is none left.
 */
OCTET_API octet_status octet_cuda_allocate_host(int32_t device, size_t bytes, void** memory);

/** Frees what octet_cuda_allocate_host gave, when no copy uses it any more; null is fine. */
OCTET_API octet_status octet_cuda_free_host(int32_t device, void* memory);

/**
 * Begins to record the calls of this thread with a stream as a CUDA graph: from now on they are not run, and must not
 * wait for the device (octet_cuda_synchronize fails, for example). Tensors and workspaces are recorded by their
 * addresses. Calls of other threads, and with other streams, are not concerned.
 *
 * @param stream  one of octet_cuda_stream_create; the default stream can't be recorded.
 */
OCTET_API octet_status octet_cuda_graph_begin(int32_t device, void* stream);

/**
 * Ends recording, on the thread that began it. To be called after failures, too: the stream can be used again.
 *
 * @param graph  out: what was recorded, ready to be launched; freed by octet_cuda_graph_destroy. Null after a failure.
 *               Null as an argument drops it.
 * @param nodes  out: its kernels and copies; may be null.
 */
OCTET_API octet_status octet_cuda_graph_end(int32_t device, void* stream, void** graph, size_t* nodes);

/** Enqueues everything that was recorded, in one call; what it reads and writes must be there still. */
OCTET_API octet_status octet_cuda_graph_launch(int32_t device, void* graph, void* stream);

/** Frees a graph whose launches are done; null is fine. */
OCTET_API octet_status octet_cuda_graph_destroy(int32_t device, void* graph);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_CUDA_H_ */
