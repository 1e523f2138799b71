/**
 * Host and Origin of every request are checked, on loopback too: a web page that the operator visits can reach
 * local ports (DNS rebinding, cross-site requests), and must not be able to ask, approve or read.
 */
export interface OriginPolicy {
  /** Host names that the API answers to, without ports, lower case. */
  readonly hosts: readonly string[];
  /** Origins allowed beside the API's own (`https://console.example.com`). */
  readonly origins: readonly string[];
}

/** Names under which a loopback listener may be addressed. */
export const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'] as const;

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopbackAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '');
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** A host name as it stands in `Host`: lower case, without port, IPv6 in brackets; undefined where malformed. */
export function hostName(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

/** Pictures and links of other pages come without an Origin, but browsers say where they come from. */
function crossSite(site: string | string[] | undefined): string | undefined {
  return site === undefined || site === 'same-origin' || site === 'none'
    ? undefined
    : 'the request comes from a page that may not use this API';
}

/** A sentence that says why the request is refused, or undefined where it may go on. */
export function refusedOrigin(
  policy: OriginPolicy,
  headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly 'sec-fetch-site'?: string | string[] | undefined;
    readonly 'sec-fetch-mode'?: string | string[] | undefined;
  },
  isPage = false,
): string | undefined {
  const host = hostName(headers.host);
  if (host === undefined || !policy.hosts.includes(host))
    return 'the Host header names no host that this API serves';
  const origin = headers.origin;
  // A link may lead to a page for people: opening it does nothing.
  if (isPage && origin === undefined && headers['sec-fetch-mode'] === 'navigate') return undefined;
  if (origin === undefined) return crossSite(headers['sec-fetch-site']);
  if (policy.origins.includes(origin)) return undefined;
  const sameOrigin = origin === `http://${headers.host}` || origin === `https://${headers.host}`;
  return sameOrigin ? undefined : 'the Origin header names a page that may not use this API';
}
