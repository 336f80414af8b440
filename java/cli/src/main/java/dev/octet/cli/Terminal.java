// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress on stderr, for people at a terminal alone. */
public final class Terminal {
  private static final boolean IS_TERMINAL = Boolean.getBoolean("octet.cli.terminal");

  private Terminal() {}

  /** A progress bar, or nothing where stderr is no terminal. */
  public static final class Progress implements AutoCloseable {
    private final ProgressBar bar;

    private Progress(ProgressBar bar) {
      this.bar = bar;
    }

    /** Counts one step. */
    public void step() {
      if (bar != null) {
        bar.step();
      }
    }

    /** Says what is being done. */
    public void message(String words) {
      if (bar != null) {
        bar.setExtraMessage(words);
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }

  /** Starts a progress bar of so many steps. */
  public static Progress progress(String task, long steps) {
    return new Progress(
        IS_TERMINAL
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .setStyle(ProgressBarStyle.ASCII)
                .build()
            : null);
  }
}
