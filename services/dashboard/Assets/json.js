// SPDX-License-Identifier: Apache-2.0

// The lines of a JSON text: that of a syntax error, and that of each value by its JSON pointer.

/** Values that are nested deeper have no line of their own: the line of their parent is used. */
const deepestPointer = 16;
const number = /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A position in a text. */
class Reader {
  constructor(text) {
    Object.assign(this, { text, at: 0, countedTo: 0, lines: 1 });
  }

  get next() { return this.text[this.at]; }

  /** The line of the position. */
  line() {
    for (; this.countedTo < this.at; this.countedTo++) if (this.text[this.countedTo] === "\n") this.lines++;
    return this.lines;
  }

  skipSpace() { while (" \t\n\r".includes(this.text[this.at] || "x")) this.at++; }

  fail(expected) {
    const found = this.at < this.text.length ? `found ${JSON.stringify(this.next)}` : "the text ends";
    throw Object.assign(new Error(`expected ${expected}, ${found}`), { line: this.line() });
  }

  /** Reads a string with its quotation marks; undefined if there is none. No regular expression: it may have megabytes. */
  string() {
    if (this.next !== '"') return undefined;
    const start = this.at;
    let end = start + 1;
    for (let code; (code = this.text.charCodeAt(end)) !== 34; end++) {
      if (!(code >= 32)) return undefined;
      if (code === 92) end++;
    }
    const whole = this.text.slice(start, end + 1);
    try {
      JSON.parse(whole);
    } catch {
      return undefined;
    }
    this.at = end + 1;
    return whole;
  }

  /** Reads a number, `true`, `false` or `null`. Returns whether there was one. */
  scalar() {
    for (const word of ["true", "false", "null"]) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return true;
    }
    number.lastIndex = this.at + (this.next === "-" ? 1 : 0);
    if (!number.test(this.text)) return false;
    this.at = number.lastIndex;
    return true;
  }
}

/** Returns the lines of all values by JSON pointer. Throws an Error with `line` if the text is not JSON. */
export function linesOf(text) {
  const reader = new Reader(text);
  const lines = new Map();
  // The open arrays and objects, outermost first. Not the call stack, which some texts would overflow.
  const open = [];

  const readName = () => {
    const quoted = reader.string() ?? reader.fail("a name in quotation marks");
    reader.skipSpace();
    if (reader.next !== ":") reader.fail("a colon");
    reader.at++;
    return JSON.parse(quoted).replaceAll("~", "~0").replaceAll("/", "~1");
  };
  const pointer = () => open.map(({ key }) => `/${key}`).join("");

  /** Reads a value, or the beginning of an array or object. Returns whether its elements follow. */
  const readValue = () => {
    reader.skipSpace();
    if (open.length <= deepestPointer) lines.set(pointer(), reader.line());
    if (reader.next === "{" || reader.next === "[") {
      const isObject = reader.next === "{";
      reader.at++;
      reader.skipSpace();
      if (reader.next === (isObject ? "}" : "]")) reader.at++;
      else return !!open.push({ isObject, end: isObject ? "}" : "]", key: isObject ? readName() : 0 });
    } else if (reader.string() == null && !reader.scalar()) {
      reader.fail(reader.next === '"' ? "a string that ends on its line and has no unknown escape" : "a value");
    }
    return false;
  };

  /** Continues after a value. Returns whether another element follows. */
  const readSeparator = () => {
    while (open.length) {
      const parent = open.at(-1);
      reader.skipSpace();
      if (reader.next === ",") {
        reader.at++;
        reader.skipSpace();
        parent.key = parent.isObject ? readName() : parent.key + 1;
        return true;
      }
      if (reader.next !== parent.end) reader.fail(`a comma or ${parent.end}`);
      reader.at++;
      open.pop();
    }
    return false;
  };

  while (readValue() || readSeparator());
  reader.skipSpace();
  if (reader.at < text.length) reader.fail("the end of the text");
  return lines;
}
