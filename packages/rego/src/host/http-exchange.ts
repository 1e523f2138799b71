import type { HttpSendRequest } from '../builtins/index.ts';
import { urlFault } from '../builtins/index.ts';
import type { NetworkFailure, NetworkHost, NetworkRequest, NetworkResponse } from './network.ts';

/** Redirects of one request. OPA has no limit but the request's timeout. */
const REDIRECTS_MAX = 100;
const RETRY_DELAY_MS_MIN = 100;
const RETRY_DELAY_MS_MAX = 60_000;
const RETRY_DELAY_FACTOR = 1.6;
const NS_PER_MS = 1_000_000n;
/** The longest time that JavaScript's timers know. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const SECRET_HEADERS =
  /^(?:authorization|www-authenticate|cookie2?|proxy-authorization|proxy-authenticate)$/i;

function isSameSite(from: URL, to: URL): boolean {
  return from.hostname === to.hostname || to.hostname.endsWith(`.${from.hostname}`);
}

/** The request that a redirect leads to, as Go's client makes it; undefined where the answer is no redirect. */
function redirected(request: NetworkRequest, response: NetworkResponse): NetworkRequest | undefined {
  const location = response.headers.get('location')?.[0];
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const from = new URL(request.url);
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined) return undefined;
  if (to.hash === '') to.hash = from.hash;
  const keepsBody = response.statusCode >= 307;
  const method = keepsBody || request.method === 'HEAD' ? request.method : 'GET';
  const headers = request.headers.filter(
    ([name]) =>
      (isSameSite(from, to) || !SECRET_HEADERS.test(name)) &&
      !/^(?:host|referer)$/i.test(name) &&
      (keepsBody || !/^content-(?:type|length|encoding)$/i.test(name)),
  );
  if (!(from.protocol === 'https:' && to.protocol === 'http:')) {
    const referer = new URL(from);
    referer.username = '';
    referer.password = '';
    referer.hash = '';
    headers.push(['Referer', referer.href]);
  }
  return { ...request, method, url: to.href, headers, body: keepsBody ? request.body : new Uint8Array() };
}

/** `Get "http://…"`: how Go begins its sentences about requests. */
function goOperation(method: string): string {
  return method === '' ? 'Get' : method[0]! + method.slice(1).toLowerCase();
}

function networkFailure(message: string): NetworkFailure {
  return { kind: 'failure', cause: 'network', message };
}

function worded(request: NetworkRequest, failure: NetworkFailure): NetworkFailure {
  if (failure.cause === 'internal') return failure;
  return networkFailure(`${goOperation(request.method)} ${JSON.stringify(request.url)}: ${failure.message}`);
}

async function follow(
  network: NetworkHost,
  http: HttpSendRequest,
  first: NetworkRequest,
  signal: AbortSignal,
): Promise<NetworkResponse | NetworkFailure> {
  let request = first;
  for (let redirects = 0; ; redirects++) {
    const reply = await network.send(request, signal);
    if (reply.kind === 'failure') return worded(request, reply);
    const next = http.enableRedirect ? redirected(request, reply) : undefined;
    if (next === undefined) return reply;
    const refused = urlFault(next.url, http.allowNet);
    if (refused !== undefined) return worded(next, networkFailure(refused));
    if (redirects === REDIRECTS_MAX) {
      return worded(next, networkFailure(`stopped after ${REDIRECTS_MAX} redirects`));
    }
    request = next;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    if (signal.aborted) return resume();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resume();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** Runs a step that is given up after a time, or when the evaluation around it ends. */
async function limited<Result>(
  timeoutMs: number,
  outer: AbortSignal,
  step: (signal: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result; readonly timedOut: boolean }> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  outer.addEventListener('abort', abort);
  if (outer.aborted) abort();
  let timedOut = false;
  const onTimeout = (): void => {
    timedOut = true;
    abort();
  };
  const timer = timeoutMs > 0 ? setTimeout(onTimeout, Math.min(timeoutMs, TIMER_MS_MAX)) : undefined;
  try {
    return { result: await step(controller.signal), timedOut };
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}

/**
 * Sends a request, follows redirects where that is asked, each within `allow_net`, and tries again after failures as
 * often as the request says. Timeouts hold for each try with its redirects; a timeout of 0 or less is none.
 */
export async function exchange(
  network: NetworkHost,
  http: HttpSendRequest,
  more: readonly (readonly [string, string])[],
  signal: AbortSignal,
): Promise<NetworkResponse | NetworkFailure> {
  const request: NetworkRequest = {
    method: http.method,
    url: http.url,
    headers: [...http.headers, ...more],
    body: http.body,
    tls: http.tls,
  };
  const timeoutMs = Number(http.timeoutNs / NS_PER_MS) || (http.timeoutNs > 0n ? 1 : 0);
  for (let tries = 0; ; tries++) {
    const { result, timedOut } = await limited(timeoutMs, signal, (inner) =>
      follow(network, http, request, inner),
    );
    const reply =
      timedOut && result.kind === 'failure'
        ? networkFailure(`${goOperation(http.method)} ${http.url}: request timed out`)
        : result;
    const isFinal = reply.kind === 'response' || reply.cause === 'internal' || tries >= http.maxRetryAttempts;
    if (isFinal || signal.aborted) return reply;
    await pause(Math.min(RETRY_DELAY_MS_MIN * RETRY_DELAY_FACTOR ** tries, RETRY_DELAY_MS_MAX), signal);
  }
}
