import type { NetworkResponse } from './network.ts';

type Headers = NetworkResponse['headers'];

/** Statuses whose answers may be kept (RFC 7231, 6.1). */
const CACHEABLE_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501,
]);
const SECONDS_MAX = 2 ** 31 - 1;

export function isCacheableStatus(statusCode: number): boolean {
  return CACHEABLE_STATUSES.has(statusCode);
}

/** The first value of a header. */
export function headerOf(headers: Headers, name: string): string {
  return headers.get(name)?.[0] ?? '';
}

function cacheControl(headers: Headers): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const part of headerOf(headers, 'cache-control').split(',')) {
    const [name = '', value, more] = part.trim().split('=');
    if (name !== '' && more === undefined) directives.set(name.trim(), value ?? '');
  }
  return directives;
}

/** Whether an answer may be kept at all. */
export function mayStore(headers: Headers): boolean {
  return !cacheControl(headers).has('no-store');
}

/**
 * Until when an answer holds by its own headers, in milliseconds since 1970: `max-age` from the answer's date on, else
 * `expires`; 0 where it says nothing, undefined where what it says cannot be used.
 */
export function expiryOf(headers: Headers): number | undefined {
  const maxAge = cacheControl(headers).get('max-age');
  if (maxAge === undefined) {
    const expires = Date.parse(headerOf(headers, 'expires'));
    return Number.isNaN(expires) ? 0 : expires;
  }
  const date = Date.parse(headerOf(headers, 'date'));
  if (!/^\d+$/.test(maxAge) || Number.isNaN(date)) return undefined;
  return date + Math.min(Number(maxAge), SECONDS_MAX) * 1000;
}
