/** The public API, called as any client of it would: with a public key that is bound to this page's origin. */

import { queryString } from "./address.js";

const TIMEOUT_MS = 10_000;
const key = document.body.dataset.key;

export class ApiError extends Error {
  constructor(sentence, { status = 0, code = "unreachable", request = "" } = {}) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.request = request;
  }
}

/** True when the caller itself gave the request up, which is no failure to be shown. */
export const isAborted = (error) => error.name === "AbortError";

async function call(path, { signal, ...options }) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS);
  const forward = () => timeout.abort();
  signal?.addEventListener("abort", forward);
  try {
    const response = await fetch(`/api/v1/${path}`, {
      ...options,
      headers: { Authorization: `Bearer ${key}`, ...options.headers },
      credentials: "omit",
      signal: timeout.signal,
    });
    return await answerOf(response);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(timeout.signal.aborted ? "The library took too long to answer." : "The library cannot be reached.");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}

async function answerOf(response) {
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    answer = null; // a proxy's error page; the status below says what it is
  }
  if (response.ok && answer !== null) return answer;
  throw new ApiError(answer?.message || `The library answered with an error (${response.status}).`, {
    status: response.status,
    code: answer?.code,
    request: response.headers.get("X-Request-Id") || "",
  });
}

/** GET, with the parameters that have a value. */
export function get(path, parameters = {}, { signal } = {}) {
  return call(`${path}?${queryString(parameters)}`, { signal });
}

export function post(path, body) {
  return call(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
}
