// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { LineDecoder } from "../dist/lines.js";

const bytes = (text) => new TextEncoder().encode(text);

test("lines are the same wherever the bytes are split", () => {
  const whole = bytes('{"a":"é"}\n\r\n{"b":"日本"}\r\n\n{"c":"😀"}\n');
  for (let first = 0; first <= whole.length; first += 1) {
    for (let second = first; second <= whole.length; second += 1) {
      const decoder = new LineDecoder(1000);
      const lines = [whole.subarray(0, first), whole.subarray(first, second), whole.subarray(second)].flatMap((part) => decoder.push(part));
      assert.deepEqual(lines, ['{"a":"é"}', '{"b":"日本"}', '{"c":"😀"}']);
    }
  }
});

test("the last line may lack its newline", () => {
  const decoder = new LineDecoder(1000);
  assert.deepEqual(decoder.push(bytes("1\n2")), ["1"]);
  assert.deepEqual(decoder.end(), ["2"]);
  assert.deepEqual(decoder.end(), []);
});

test("a byte order mark is accepted", () => {
  assert.deepEqual(new LineDecoder(1000).push(bytes("\ufeff{}\n")), ["{}"]);
});

test("a line beyond the limit is an error before it is complete", () => {
  const decoder = new LineDecoder(10);
  assert.deepEqual(decoder.push(bytes("1234567890\n12345")), ["1234567890"]);
  assert.throws(() => decoder.push(bytes("678901")), /more than 10 bytes/);
});

test("a line that is not UTF-8 is an error", () => {
  assert.throws(() => new LineDecoder(10).push(new Uint8Array([0x22, 0xff, 0x22, 0x0a])));
});
