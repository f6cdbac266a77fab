// Where in a text of JSON something stands: the line of a fault, and the line of each value by its pointer.

/** -> lines of values by JSON pointer. Throws an Error with `line` where the text is no JSON. */
export function linesOf(text) {
  const lines = new Map();
  let at = 0, counted = 0, count = 1;
  const line = () => {
    for (; counted < at; counted++) if (text[counted] === "\n") count++;
    return count;
  };
  const skip = () => { while (" \t\n\r".includes(text[at] || "x")) at++; };
  const fault = (expected) => {
    const found = at < text.length ? `found ${JSON.stringify(text[at])}` : "the text ends";
    throw Object.assign(new Error(`expected ${expected}, ${found}`), { line: line() });
  };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match?.[0];
  };
  const string = () => take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
  const list = (end, item) => {
    at++;
    skip();
    if (text[at] === end) return at++;
    for (let index = 0; ; index++) {
      item(index);
      skip();
      if (text[at] === end) return at++;
      if (text[at] !== ",") fault(`a comma or ${end}`);
      at++;
      skip();
    }
  };
  const value = (pointer) => {
    skip();
    lines.set(pointer, line());
    if (text[at] === "{") {
      return list("}", () => {
        const name = string() ?? fault("a name in quotation marks");
        skip();
        if (text[at] !== ":") fault("a colon");
        at++;
        value(`${pointer}/${JSON.parse(name).replaceAll("~", "~0").replaceAll("/", "~1")}`);
      });
    }
    if (text[at] === "[") return list("]", (index) => value(`${pointer}/${index}`));
    string() ?? take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y) ?? fault("a value");
  };
  value("");
  skip();
  if (at < text.length) fault("nothing more");
  return lines;
}
