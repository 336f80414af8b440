// SPDX-License-Identifier: Apache-2.0
/** Strict reading of JSON. */
package dev.octet.runtime.json;
