// SPDX-License-Identifier: Apache-2.0
/** Memory, streams and graphs of CUDA devices, each with an owner who frees it. */
package dev.octet.runtime.cuda;
