// SPDX-License-Identifier: Apache-2.0
/**
 * Streams, events and properties of JavaCPP's presets for CUDA ({@code org.bytedeco:cuda}), for
 * processes that have them: to run sessions in a stream with work of one's own, to order and to
 * time them. Nothing outside of this package knows the presets, which are an optional dependency;
 * sessions run on a device without them.
 *
 * <p>The presets call the CUDA runtime of the system, {@code libcudart.so.13}; the packaged {@code
 * liboctet_cuda} has a runtime of its own in it. Streams and events are those of the driver, and
 * all runtimes of a process use the same context of a device, its primary one: so a stream that one
 * of them has made can be used by the other. Whether both see the same device is checked when a
 * binding is attached to a stream. These classes leave a thread's current device as it was, and no
 * error of theirs behind as its last one.
 */
package dev.octet.runtime.cuda.presets;
