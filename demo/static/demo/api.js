/**
 * The public API, called as any client of it would: with a public key that is bound to this page's origin, and with the
 * token that this page's server made for the reader who sits before it.
 */

import { queryString } from "./address.js";
import { forgetToken, readerToken } from "./reader_token.js";

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

const BAD_TOKEN = new Set(["reader_token_expired", "reader_token_invalid"]);

/** Ask; where the reader's token turned out to be over, ask once more with a new one. */
async function call(path, options) {
  try {
    return await ask(path, options);
  } catch (error) {
    if (!BAD_TOKEN.has(error.code)) throw error;
    forgetToken();
    return ask(path, options);
  }
}

async function ask(path, { signal, ...options }) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS);
  const forward = () => timeout.abort();
  signal?.addEventListener("abort", forward);
  try {
    const token = await readerToken();
    const proof = token ? { "X-Reader-Token": token } : {};
    const response = await fetch(`/api/v1/${path}`, {
      ...options,
      headers: { Authorization: `Bearer ${key}`, ...proof, ...options.headers },
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

/** POST; one that is kept alive arrives although the page is being left. */
export function post(path, body, { keepalive = false } = {}) {
  return call(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, keepalive });
}
