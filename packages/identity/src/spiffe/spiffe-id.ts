/** A SPIFFE ID, taken apart. */
export interface SpiffeId {
  readonly id: string;
  readonly trustDomain: string;
  /** Segments of the path, none of them empty. */
  readonly segments: readonly string[];
}

const ID_BYTES_MAX = 2048;
const TRUST_DOMAIN_BYTES_MAX = 255;
/** No percent-encoding, port, user, query, fragment, empty segment or trailing slash; lower-case trust domain. */
const FORM = /^spiffe:\/\/([a-z0-9._-]+)((?:\/[a-zA-Z0-9._-]+)*)$/;

/** Reads a SPIFFE ID strictly (SPIFFE-ID section 2); undefined for what is none. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > ID_BYTES_MAX) return undefined;
  const [, trustDomain, path = ''] = FORM.exec(text) ?? [];
  if (trustDomain === undefined || trustDomain.length > TRUST_DOMAIN_BYTES_MAX) return undefined;
  const segments = path === '' ? [] : path.slice(1).split('/');
  return segments.some((segment) => segment === '.' || segment === '..')
    ? undefined
    : { id: text, trustDomain, segments };
}

/** Whether a text is the name of a trust domain. */
export function isTrustDomain(text: string): boolean {
  return parseSpiffeId(`spiffe://${text}`)?.segments.length === 0;
}
