// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Splits a file of TorchScript code into tokens, as far as torch's printer writes them: printable
 * ASCII, one kind of quotes, no comments, no continued lines.
 */
final class ScriptLexer {
  /** What a token is. */
  enum Kind {
    NAME,
    NUMBER,
    STRING,
    MARK,
    NEWLINE,
    INDENT,
    DEDENT,
    END
  }

  private static final int MAX_INDENTS = 400;
  private static final String MARKS = "()[]{}.,:=+-";

  private final EntrySite site;
  private final String text;
  private final Deque<Integer> indents = new ArrayDeque<>();
  private int position;
  private int brackets;
  private int pendingDedents;
  private boolean lineStart = true;
  private Kind kind;
  private int start;
  private int end;

  ScriptLexer(EntrySite site, byte[] code) {
    this.site = site;
    this.text = new String(code, StandardCharsets.ISO_8859_1);
    indents.push(0);
    next();
  }

  /** The kind of the token that comes next. */
  Kind kind() {
    return kind;
  }

  /** Where the token that comes next begins. */
  int start() {
    return start;
  }

  /** The text of the token that comes next. */
  String text() {
    return text.substring(start, end);
  }

  /** Tells whether a mark or word comes next. */
  boolean is(String token) {
    return (kind == Kind.MARK || kind == Kind.NAME)
        && end - start == token.length()
        && text.startsWith(token, start);
  }

  /** Goes on if a mark or word comes next. */
  boolean skip(String token) {
    boolean found = is(token);
    if (found) {
      next();
    }
    return found;
  }

  /** Requires a mark or word. */
  void expect(String token) {
    if (!skip(token)) {
      throw unexpected("'" + token + "'");
    }
  }

  /** Requires a token of a kind and returns its text. */
  String expect(Kind expected) {
    if (kind != expected) {
      throw unexpected(expected.toString());
    }
    String found = text();
    next();
    return found;
  }

  ModelFileException unexpected(String expected) {
    String found =
        kind == Kind.NAME || kind == Kind.NUMBER || kind == Kind.STRING || kind == Kind.MARK
            ? "'" + (end - start > 60 ? text.substring(start, start + 60) + "..." : text()) + "'"
            : kind.toString();
    return fail(start, "code has " + found + ", expected " + expected);
  }

  ModelFileException fail(int offset, String problem) {
    return site.at(offset, problem + ": not what torch writes");
  }

  /** Goes to the next token. */
  void next() {
    if (pendingDedents > 0) {
      pendingDedents--;
      token(Kind.DEDENT, position, position);
      return;
    }
    if (lineStart && brackets == 0 && indentation()) {
      return;
    }
    while (position < text.length() && isBlank(text.charAt(position))) {
      position++;
    }
    if (position == text.length()) {
      token(brackets > 0 || lineStart ? Kind.END : Kind.NEWLINE, position, position);
      lineStart = true;
      return;
    }
    char c = text.charAt(position);
    if (c == '\n') {
      token(Kind.NEWLINE, position, position + 1);
      lineStart = true;
    } else if (isWordStart(c)) {
      word();
    } else if (isDigit(c)
        || c == '.' && position + 1 < text.length() && isDigit(text.charAt(position + 1))) {
      number();
    } else if (c == '"') {
      string();
    } else if (c == '-' && text.startsWith("->", position)) {
      token(Kind.MARK, position, position + 2);
    } else if (MARKS.indexOf(c) >= 0) {
      mark(c);
    } else {
      throw fail(position, String.format("code has the byte 0x%02x", (int) c));
    }
  }

  private void token(Kind found, int from, int to) {
    kind = found;
    start = from;
    end = to;
    position = to;
  }

  private boolean isBlank(char c) {
    return c == ' ' || c == '\n' && brackets > 0;
  }

  /** Reads the blanks at the begin of a line; returns whether they make a token. */
  private boolean indentation() {
    int from = position;
    int width = 0;
    while (position < text.length()
        && (text.charAt(position) == ' ' || text.charAt(position) == '\n')) {
      width = text.charAt(position) == ' ' ? width + 1 : 0;
      position++;
    }
    if (position == text.length()) {
      width = 0;
    }
    lineStart = position == text.length();
    if (width == indents.peek()) {
      return false;
    }
    if (width > indents.peek()) {
      if (indents.size() > MAX_INDENTS) {
        throw fail(from, "code has more than " + MAX_INDENTS + " blocks in one another");
      }
      indents.push(width);
      token(Kind.INDENT, position, position);
      return true;
    }
    int closed = 0;
    while (indents.peek() > width) {
      indents.pop();
      closed++;
    }
    if (indents.peek() != width) {
      throw fail(from, "code is indented by " + width + ", as no block before is");
    }
    pendingDedents = closed - 1;
    token(Kind.DEDENT, position, position);
    return true;
  }

  private void word() {
    int to = position + 1;
    while (to < text.length() && (isWordStart(text.charAt(to)) || isDigit(text.charAt(to)))) {
      to++;
    }
    token(Kind.NAME, position, to);
  }

  private void number() {
    int to = position;
    while (to < text.length()) {
      char c = text.charAt(to);
      boolean exponentSign =
          (c == '-' || c == '+') && to > position && (text.charAt(to - 1) | 0x20) == 'e';
      if (!isDigit(c) && c != '.' && c != 'e' && c != 'E' && c != 'j' && !exponentSign) {
        break;
      }
      to++;
    }
    token(Kind.NUMBER, position, to);
  }

  private void string() {
    if (text.startsWith("\"\"\"", position)) {
      throw fail(position, "code has a string in three quotes");
    }
    int to = position + 1;
    while (to < text.length() && text.charAt(to) != '"') {
      char c = text.charAt(to);
      if (c < ' ' || c > '~') {
        throw fail(to, String.format("a string in code has the byte 0x%02x", (int) c));
      }
      to += c == '\\' ? 2 : 1;
    }
    if (to >= text.length()) {
      throw fail(position, "a string in code has no end");
    }
    token(Kind.STRING, position, to + 1);
  }

  private void mark(char c) {
    if (c == '(' || c == '[' || c == '{') {
      brackets++;
    } else if ((c == ')' || c == ']' || c == '}') && --brackets < 0) {
      throw fail(position, "code closes a bracket that was not opened");
    }
    token(Kind.MARK, position, position + 1);
  }

  private static boolean isWordStart(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
