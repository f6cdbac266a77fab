// SPDX-License-Identifier: Apache-2.0

const newline = 0x0a;

/** Splits a stream of bytes into lines of UTF-8. */
export class LineDecoder {
  private readonly text = new TextDecoder("utf-8", { fatal: true });
  private parts: Uint8Array[] = [];
  private length = 0;

  /** @param limit the maximum bytes of a line. */
  constructor(private readonly limit: number) {}

  /**
   * Adds bytes. The lines are returned without their ends; empty lines are omitted.
   *
   * Throws if a line exceeds the limit or is not UTF-8.
   */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.append(bytes.subarray(start, end));
      this.take(lines);
      start = end + 1;
    }
    this.append(bytes.subarray(start));
    return lines;
  }

  /** The last line, if it has no newline. */
  end(): string[] {
    const lines: string[] = [];
    this.take(lines);
    return lines;
  }

  private append(bytes: Uint8Array): void {
    this.length += bytes.length;
    if (this.length > this.limit) throw new Error(`a line has more than ${this.limit} bytes`);
    if (bytes.length > 0) this.parts.push(bytes);
  }

  private take(lines: string[]): void {
    const line = this.text.decode(this.joined()).trim();
    this.parts = [];
    this.length = 0;
    if (line !== "") lines.push(line);
  }

  private joined(): Uint8Array {
    const [first] = this.parts;
    if (this.parts.length === 1 && first) return first;
    const whole = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
