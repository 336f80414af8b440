// SPDX-License-Identifier: Apache-2.0
/** Native memory with an owner who frees it, and the C structures that lie in it. */
package dev.octet.runtime.memory;
