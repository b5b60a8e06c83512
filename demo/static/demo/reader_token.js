/** Who sits before this page, proven by a token that its server put into it and makes anew when it is asked. */

const EARLY_MS = 30_000; // before the end, so that no request is refused for a token that is just over
const TIMEOUT_MS = 10_000;
const UNKNOWN = 404;
const { dataset } = document.body;

let token = dataset.token || "";
let endsAt = ends(Number(dataset.tokenSeconds));
let asked = null;

function ends(seconds) {
  return Date.now() + seconds * 1000 - EARLY_MS;
}

/** The next request gets a new token first. */
export function forgetToken() {
  endsAt = 0;
}

/** The token to send; "" where nobody is known. All requests at one time wait for one new token. */
export async function readerToken() {
  if (!token || Date.now() < endsAt) return token;
  asked ||= renew().finally(() => {
    asked = null;
  });
  await asked;
  return token;
}

/** A token for this page's reader, or none where the server knows the reader no longer; then nobody is proven. */
async function renew() {
  const csrf = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || "";
  const response = await fetch("/demo/reader-token", {
    method: "POST",
    headers: { "X-CSRFToken": csrf },
    body: new URLSearchParams({ reader: dataset.reader }),
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok && response.status !== UNKNOWN) throw new Error(`No new token (${response.status}).`);
  const answer = response.ok ? await response.json() : { token: "", seconds: 0 };
  token = answer.token;
  endsAt = ends(answer.seconds);
}
