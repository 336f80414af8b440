// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

/**
 * Behind what a {@link Lane} has enqueued. Safe for use by several threads, but for {@link
 * #close()}.
 */
interface Mark extends AutoCloseable {
  /** Tells, without waiting, whether all of it is done or has failed. */
  boolean isReached();

  /** Waits until it is done and returns its status. */
  int await();

  @Override
  void close();
}
