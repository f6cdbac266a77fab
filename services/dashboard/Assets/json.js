// Where in a text of JSON something stands: the line of a fault, and the line of each value by its pointer.

/** Values that lie deeper have no line of their own: those who ask get that of what holds them. */
const deepest = 16;
const plain = /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A text that is read from its beginning, and knows which line it is at. */
class Reader {
  constructor(text) {
    Object.assign(this, { text, at: 0, counted: 0, lines: 1 });
  }

  get next() { return this.text[this.at]; }

  line() {
    for (; this.counted < this.at; this.counted++) if (this.text[this.counted] === "\n") this.lines++;
    return this.lines;
  }

  skip() { while (" \t\n\r".includes(this.text[this.at] || "x")) this.at++; }

  fault(expected) {
    const found = this.at < this.text.length ? `found ${JSON.stringify(this.next)}` : "the text ends";
    throw Object.assign(new Error(`expected ${expected}, ${found}`), { line: this.line() });
  }

  /** -> the string that begins here, or undefined. It may have megabytes, so no pattern goes over it. */
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

  /** -> whether a number or a word that stands for itself was here. */
  scalar() {
    for (const word of ["true", "false", "null"]) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return true;
    }
    plain.lastIndex = this.at + (this.next === "-" ? 1 : 0);
    if (!plain.test(this.text)) return false;
    this.at = plain.lastIndex;
    return true;
  }
}

/** -> lines of values by JSON pointer. Throws an Error with `line` where the text is no JSON. */
export function linesOf(text) {
  const reader = new Reader(text);
  const lines = new Map();
  // The lists and objects that are open, outermost first; not the call stack, which is too small for some texts.
  const open = [];

  const name = () => {
    const quoted = reader.string() ?? reader.fault("a name in quotation marks");
    reader.skip();
    if (reader.next !== ":") reader.fault("a colon");
    reader.at++;
    return JSON.parse(quoted).replaceAll("~", "~0").replaceAll("/", "~1");
  };
  const pointer = () => open.map(({ key }) => `/${key}`).join("");

  /** Reads one value, or the beginning of one. -> whether it has to be filled. */
  const value = () => {
    reader.skip();
    if (open.length <= deepest) lines.set(pointer(), reader.line());
    if (reader.next === "{" || reader.next === "[") {
      const isObject = reader.next === "{";
      reader.at++;
      reader.skip();
      if (reader.next === (isObject ? "}" : "]")) reader.at++;
      else return !!open.push({ isObject, end: isObject ? "}" : "]", key: isObject ? name() : 0 });
    } else if (reader.string() == null && !reader.scalar()) {
      reader.fault(reader.next === '"' ? "a string that ends in its line and holds no unknown escape" : "a value");
    }
    return false;
  };

  /** Goes on behind a value: to the next one of what holds it. -> whether there is one. */
  const goOn = () => {
    while (open.length) {
      const holder = open.at(-1);
      reader.skip();
      if (reader.next === ",") {
        reader.at++;
        reader.skip();
        holder.key = holder.isObject ? name() : holder.key + 1;
        return true;
      }
      if (reader.next !== holder.end) reader.fault(`a comma or ${holder.end}`);
      reader.at++;
      open.pop();
    }
    return false;
  };

  while (value() || goOn());
  reader.skip();
  if (reader.at < text.length) reader.fault("nothing more");
  return lines;
}
