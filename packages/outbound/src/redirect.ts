import type { Hop, OutboundResponse } from './contract.ts';
import { OutboundError } from './outbound-error.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that go along to another origin: whatever else the caller set may be a secret of the first. */
const HEADERS_FOR_ALL: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'user-agent',
]);

/** Headers of a body that the next request does not have. */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
]);

/**
 * What a redirect asks for next (RFC 9110, section 15.4), undefined where the answer is none. Refuses a way from https
 * to http, the carrying of a body to another origin, and with `sameOriginOnly` any other origin.
 */
export function nextHop(
  hop: Hop,
  { status, headers }: OutboundResponse,
  sameOriginOnly: boolean,
): Hop | undefined {
  const location = headers['location'];
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const url = URL.parse(location, hop.url.href);
  if (url === null) throw new OutboundError('outbound_redirect_refused', 'a redirect to what is no URL');
  if (hop.url.protocol === 'https:' && url.protocol !== 'https:') {
    throw new OutboundError('outbound_redirect_refused', 'a redirect from https to what is less');
  }
  const sameOrigin = url.origin === hop.url.origin;
  if (sameOriginOnly && !sameOrigin) {
    throw new OutboundError('outbound_redirect_refused', 'a redirect away from the socket');
  }
  const becomesGet = status === 303 ? hop.method !== 'HEAD' : status < 303 && hop.method === 'POST';
  if (!sameOrigin && !becomesGet && hop.body !== undefined) {
    throw new OutboundError(
      'outbound_redirect_refused',
      'a redirect that would carry the body to another origin',
    );
  }
  const kept = Object.entries(hop.headers).filter(
    ([name]) => (sameOrigin || HEADERS_FOR_ALL.has(name)) && !(becomesGet && BODY_HEADERS.has(name)),
  );
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? undefined : hop.body,
  };
}
