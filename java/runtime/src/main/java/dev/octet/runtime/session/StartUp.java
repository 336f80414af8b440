// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.NativeLibraryException;
import dev.octet.runtime.op.OperationKinds;

/**
 * Gets ready what every session needs, on a thread of its own while the first artifact is read: the
 * kinds of operations and the native library. Together they take about as long as reading a model,
 * nearly all of it to load classes.
 */
final class StartUp extends Thread {
  /** Null when there is nothing to do any more. */
  private static StartUp first = new StartUp();

  private StartUp() {
    super("octet-start-up");
    setDaemon(true);
  }

  /** Returns a thread that was started; null for all but the first caller. */
  static synchronized StartUp begin() {
    StartUp mine = first;
    first = null;
    if (mine != null) {
      mine.start();
    }
    return mine;
  }

  /** Waits until it is done: afterwards other threads may load JavaCPP's libraries as ever. */
  void await() {
    boolean interrupted = false;
    while (isAlive()) {
      try {
        join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void run() {
    OperationKinds.all();
    try {
      NativeLibrary.load();
    } catch (NativeLibraryException e) {
      // Whoever opens the session gets the same.
    }
  }
}
