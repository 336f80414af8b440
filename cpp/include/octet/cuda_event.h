/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Events: marks in the streams of a CUDA device, by which the host and other streams wait for what was enqueued before
 * them and for nothing else. What holds for all functions of devices and streams is said in octet/cuda.h. An event
 * belongs to the device on which it was made, and may be used by several threads; only its end must come alone.
 */
#ifndef OCTET_CUDA_EVENT_H_
#define OCTET_CUDA_EVENT_H_

#include <stdint.h>

#include "octet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes an event, which takes no times. It marks nothing yet: who waits for it goes on at once.
 *
 * @param event  out: a cudaEvent_t, to be freed by octet_cuda_event_destroy.
 */
OCTET_API octet_status octet_cuda_event_create(int32_t device, void** event);

/** Frees an event, whether or not its mark has been reached; null is fine. */
OCTET_API octet_status octet_cuda_event_destroy(int32_t device, void* event);

/**
 * Sets the mark, once more if it was set before: behind all that is in a stream by now.
 *
 * @param stream  a cudaStream_t of the device; null: its default stream. One that is being recorded as a graph is
 *                refused (OCTET_DEVICE_ERROR): its work is not done once, but whenever the graph is launched.
 */
OCTET_API octet_status octet_cuda_event_record(int32_t device, void* event, void* stream);

/**
 * Looks whether the mark has been reached, without waiting.
 *
 * @param done  out: 1 if it has, or was never set, else 0; undefined after a failure.
 * @return OCTET_DEVICE_ERROR if something went wrong on the device; nothing is under way any more then.
 */
OCTET_API octet_status octet_cuda_event_query(int32_t device, void* event, int32_t* done);

/** Waits until the mark has been reached, and reports what went wrong on the way. */
OCTET_API octet_status octet_cuda_event_synchronize(int32_t device, void* event);

/**
 * Lets what is enqueued in a stream from now on wait for an event as it is marked now. Returns at once.
 *
 * @param stream  a cudaStream_t of any device; null: the default stream.
 */
OCTET_API octet_status octet_cuda_stream_wait(int32_t device, void* stream, void* event);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_CUDA_EVENT_H_ */
