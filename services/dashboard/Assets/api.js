// Calls of the server behind the page.

/** What the server refused, with the violations that it names. */
export class Refusal extends Error {
  constructor(error, status) {
    super(error?.message || `the server answered ${status}`);
    this.detail = error?.data?.detail;
    this.kind = error?.data?.kind;
    this.status = status;
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal({ message: "The page's server does not answer. Is `understudy up` running?" }, 0);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(body.error, response.status);
  return body;
}

export const get = (path) => call(path);
export const post = (path, body = {}) => call(path, {
  method: "POST", headers: { "Content-Type": "application/json", "X-Understudy": "1" }, body: JSON.stringify(body),
});
export const upload = (file) => call(`/api/uploads?name=${encodeURIComponent(file.name)}`, {
  method: "POST", headers: { "X-Understudy": "1" }, body: file,
});
