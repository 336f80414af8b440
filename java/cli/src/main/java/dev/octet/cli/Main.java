// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;

/** Runs the command line. */
public final class Main {
  private Main() {}

  /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** Returns the command line, ready to execute arguments. */
  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new OctetCommand());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler(
        (exception, failed, result) -> {
          PrintWriter err = failed.getErr();
          boolean stackTrace = ((OctetCommand) line.getCommandSpec().userObject()).stackTrace;
          if (stackTrace) {
            exception.printStackTrace(err);
          } else {
            err.println("octet: " + message(exception));
          }
          return CommandLine.ExitCode.SOFTWARE;
        });
    return line;
  }

  private static String message(Throwable exception) {
    // The messages of these are the name of the file alone.
    if (exception instanceof NoSuchFileException file) {
      return file.getFile() + ": there is no such file";
    }
    if (exception instanceof AccessDeniedException file) {
      return file.getFile() + ": access is denied";
    }
    String message = exception.getMessage();
    return message == null || message.isBlank()
        ? exception.toString() + " (--stack-trace shows where)"
        : message;
  }
}
