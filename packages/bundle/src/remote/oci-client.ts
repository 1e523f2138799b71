import { hash } from 'node:crypto';
import type { Outbound, OutboundInit, OutboundResponse } from '@writ/outbound';
import { z } from 'zod';

/** A bundle in an OCI registry. */
export interface OciFetcherOptions {
  /** `registry.example.org/policies/payments:v1`, or pinned `…@sha256:…`. */
  readonly reference: string;
  /** Plain HTTP; for a registry on this machine. */
  readonly insecure?: boolean;
  readonly outbound: Outbound;
  /** Called for each request. */
  readonly credentials?: () => { readonly username: string; readonly password: string } | undefined;
}

/** Where in a registry a bundle lies. */
export interface OciReference {
  readonly host: string;
  readonly repository: string;
  /** A tag, or `sha256:…`. */
  readonly version: string;
}

const REFERENCE =
  /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9][a-z0-9._/-]*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Undefined where the text is no reference. A digest goes before a tag; `latest` where neither is named. */
export function parseReference(text: string): OciReference | undefined {
  const found = REFERENCE.exec(text);
  if (found === null) return undefined;
  return { host: found[1]!, repository: found[2]!, version: found[4] ?? found[3] ?? 'latest' };
}

/** The layer that is the bundle (OPA takes the first of this type), and layers that are signatures of it. */
export const BUNDLE_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const SIGNATURE_LAYER = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** Requests to one repository of a registry, with whatever credential it asks for. */
export interface OciClient {
  /** `path` below the repository, or an address that the registry named. */
  request(path: string, init: OutboundInit): Promise<OutboundResponse>;
}

/**
 * A registry that asks for a token gets one from where it says, with the configured name and password (OCI distribution
 * specification v1.1; the token protocol is the one that registries share).
 */
export function ociClient(options: OciFetcherOptions, reference: OciReference): OciClient {
  let token: string | undefined;
  const base = `${options.insecure === true ? 'http' : 'https'}://${reference.host}/v2/${reference.repository}/`;
  const authorization = (): Record<string, string> => {
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    const basic = basicOf(options);
    return basic === undefined ? {} : { authorization: basic };
  };
  return {
    async request(path, init) {
      const url = new URL(path, base);
      // A credential goes to the registry itself and nowhere that it points to.
      const own = url.origin === new URL(base).origin;
      const send = () =>
        options.outbound.fetch(url, {
          ...init,
          headers: { ...init.headers, ...(own ? authorization() : {}) },
        });
      const first = await send();
      if (first.status !== 401 || !own) return first;
      token = await askToken(options, first.headers['www-authenticate'] ?? '', init.signal);
      return token === undefined ? first : send();
    },
  };
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function basicOf(options: OciFetcherOptions): string | undefined {
  const credentials = options.credentials?.();
  if (credentials === undefined) return undefined;
  const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return `Basic ${pair}`;
}

/** The distribution specification's token challenge: `Bearer realm="…",service="…",scope="…"`. */
async function askToken(
  options: OciFetcherOptions,
  challenge: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const parameters = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  const realm = parameters['realm'];
  if (!challenge.toLowerCase().startsWith('bearer ') || realm === undefined) return undefined;
  const url = URL.parse(realm);
  // A password that came to the registry encrypted does not leave here in the clear.
  if (url === null || (url.protocol !== 'https:' && options.insecure !== true)) return undefined;
  for (const key of ['service', 'scope']) {
    const value = parameters[key];
    if (value !== undefined) url.searchParams.set(key, value);
  }
  const basic = basicOf(options);
  const response = await options.outbound.fetch(url, {
    ...(signal === undefined ? {} : { signal }),
    headers: basic === undefined ? {} : { authorization: basic },
  });
  const body = z
    .looseObject({ token: z.string().optional(), access_token: z.string().optional() })
    .safeParse(parseJson(response.body));
  return response.status === 200 && body.success ? (body.data.token ?? body.data.access_token) : undefined;
}
