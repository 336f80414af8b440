// SPDX-License-Identifier: Apache-2.0
/** Runs programs: {@link dev.octet.runtime.session.Session} is where to begin. */
package dev.octet.runtime.session;
