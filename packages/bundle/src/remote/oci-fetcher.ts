import type { OutboundResponse } from '@writ/outbound';
import { z } from 'zod';
import { DETACHED_SIZE_BYTES_MAX } from '../signing/detached-signature.ts';
import { type Fetcher, type FetchOutcome, unavailable } from './fetcher.ts';
import { why } from './http-fetcher.ts';
import {
  BUNDLE_LAYER,
  digestOf,
  MANIFEST_TYPE,
  type OciClient,
  type OciFetcherOptions,
  type OciReference,
  ociClient,
  parseJson,
  parseReference,
  SIGNATURE_LAYER,
} from './oci-client.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const manifestSchema = z.looseObject({
  layers: z.array(z.looseObject({ mediaType: z.string(), digest, size: z.number().int().nonnegative() })),
});

/**
 * Fetches from an OCI registry by the distribution specification (v1.1): the manifest of a tag or digest, then the
 * first layer that is a gzipped tar, as OPA does. Every byte is held against its digest: the manifest where it is
 * pinned or the registry names it, the layers always.
 */
export function createOciFetcher(options: OciFetcherOptions): Fetcher {
  const reference = parseReference(options.reference);
  const client = reference === undefined ? undefined : ociClient(options, reference);
  return {
    place: options.reference,
    waits: false,
    async fetch(since, signal) {
      if (reference === undefined || client === undefined)
        return unavailable(`\`${options.reference}\` is no OCI reference`);
      try {
        return await fetchBundle(options.reference, reference, getter(client), since, signal);
      } catch (error) {
        return unavailable(`${options.reference} cannot be fetched: ${why(error)}`);
      }
    },
    close: () => options.outbound.close(),
  };
}

function getter(client: OciClient): Get {
  return (path, accept, signal) => client.request(path, { signal, headers: { accept } });
}

type Get = (path: string, accept: string, signal: AbortSignal) => Promise<OutboundResponse>;

async function fetchBundle(
  place: string,
  reference: OciReference,
  get: Get,
  since: string | undefined,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  const response = await get(`manifests/${reference.version}`, MANIFEST_TYPE, signal);
  if (response.status !== 200)
    return unavailable(
      `${place}: the registry answered ${response.status} for its manifest`,
      response.status === 401 ? 'the credential is missing or no longer valid' : undefined,
    );
  const tag = digestOf(response.body);
  const claimed = reference.version.startsWith('sha256:')
    ? reference.version
    : response.headers['docker-content-digest'];
  if (claimed !== undefined && claimed !== tag)
    return unavailable(`${place}: the manifest is not the one with digest ${claimed}`);
  if (tag === since) return { kind: 'unchanged' };
  const manifest = manifestSchema.safeParse(parseJson(response.body));
  if (!manifest.success) return unavailable(`${place}: the manifest cannot be read`);
  const { layers } = manifest.data;
  const bundle = layers.find(({ mediaType }) => mediaType === BUNDLE_LAYER);
  if (bundle === undefined) return unavailable(`${place}: the manifest has no layer of type ${BUNDLE_LAYER}`);
  const archive = await blob(get, bundle, signal);
  if (archive === undefined)
    return unavailable(`${place}: layer ${bundle.digest} is missing or not what its digest says`);
  const signatures = layers.filter(
    ({ mediaType, size }) => mediaType === SIGNATURE_LAYER && size <= DETACHED_SIZE_BYTES_MAX,
  );
  const texts = await Promise.all(signatures.map((layer) => blob(get, layer, signal)));
  const detached = texts.flatMap((bytes) => (bytes === undefined ? [] : [new TextDecoder().decode(bytes)]));
  return { kind: 'fetched', fetched: { archive, detached, tag } };
}

async function blob(
  get: Get,
  layer: { readonly digest: string; readonly size: number },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const response = await get(`blobs/${layer.digest}`, '*/*', signal);
  return response.status === 200 && digestOf(response.body) === layer.digest ? response.body : undefined;
}
