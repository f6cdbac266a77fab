// SPDX-License-Identifier: Apache-2.0

// Requests to the server.

/** An error that the server reported, with the violations that it names. */
export class RequestError extends Error {
  constructor(error, status) {
    super(error?.message || `The server responded with status ${status}.`);
    this.detail = error?.data?.detail;
    this.kind = error?.data?.kind;
    this.status = status;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new RequestError({ message: "The dashboard is not responding. Is `understudy up` running?" }, 0);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestError(body.error, response.status);
  return body;
}

export const get = (path) => request(path);
export const post = (path, body = {}) => request(path, {
  method: "POST", headers: { "Content-Type": "application/json", "X-Understudy": "1" }, body: JSON.stringify(body),
});
export const upload = (file) => request(`/api/uploads?name=${encodeURIComponent(file.name)}`, {
  method: "POST", headers: { "X-Understudy": "1" }, body: file,
});
