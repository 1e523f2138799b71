import type { BundleProblem } from '../problem.ts';
import { why } from './http-fetcher.ts';
import {
  BUNDLE_LAYER,
  digestOf,
  MANIFEST_TYPE,
  type OciClient,
  type OciFetcherOptions,
  ociClient,
  parseReference,
  SIGNATURE_LAYER,
} from './oci-client.ts';

export type PushResult =
  | {
      readonly ok: true;
      /** Digest of the manifest: what to pin. */
      readonly digest: string;
    }
  | { readonly ok: false; readonly problem: BundleProblem };

/**
 * Publishes a bundle in an OCI registry as OPA reads it: an image manifest whose first layer is the archive. Signatures
 * beside it become further layers. Source: OCI distribution specification v1.1, "Push".
 */
export async function pushOci(
  archive: Uint8Array,
  detached: readonly string[],
  options: OciFetcherOptions,
): Promise<PushResult> {
  const reference = parseReference(options.reference);
  if (reference === undefined) return refused(`\`${options.reference}\` is no OCI reference`);
  if (reference.version.startsWith('sha256:'))
    return refused('a bundle is published under a tag, not a digest');
  const client = ociClient(options, reference);
  try {
    const config = new TextEncoder().encode('{}');
    const layers = [
      { mediaType: BUNDLE_LAYER, bytes: archive },
      ...detached.map((text) => ({ mediaType: SIGNATURE_LAYER, bytes: new TextEncoder().encode(text) })),
    ];
    for (const bytes of [config, ...layers.map((layer) => layer.bytes)]) {
      const failed = await putBlob(client, bytes);
      if (failed !== undefined) return refused(failed);
    }
    const manifest = new TextEncoder().encode(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST_TYPE,
        config: descriptor('application/vnd.oci.image.config.v1+json', config),
        layers: layers.map(({ mediaType, bytes }) => descriptor(mediaType, bytes)),
      }),
    );
    const failed = await putManifest(client, reference.version, manifest);
    return failed === undefined ? { ok: true, digest: digestOf(manifest) } : refused(failed);
  } catch (error) {
    return refused(`${options.reference} cannot be published: ${why(error)}`);
  }
}

/**
 * Puts a further tag on what a reference names, in the same repository: the same manifest, byte for byte, so that what
 * was tested under one tag is what is served under the other.
 */
export async function tagOci(tag: string, options: OciFetcherOptions): Promise<PushResult> {
  const reference = parseReference(options.reference);
  if (reference === undefined) return refused(`\`${options.reference}\` is no OCI reference`);
  if (!/^\w[\w.-]{0,127}$/.test(tag)) return refused(`\`${tag}\` is no tag`);
  const client = ociClient(options, reference);
  try {
    const found = await client.request(`manifests/${reference.version}`, {
      headers: { accept: MANIFEST_TYPE },
    });
    if (found.status !== 200)
      return refused(`${options.reference}: the registry answered ${found.status} for its manifest`);
    const digest = digestOf(found.body);
    if (reference.version.startsWith('sha256:') && reference.version !== digest)
      return refused(`${options.reference}: the manifest is not the one with that digest`);
    const failed = await putManifest(client, tag, found.body);
    return failed === undefined ? { ok: true, digest } : refused(failed);
  } catch (error) {
    return refused(`${options.reference} cannot be tagged: ${why(error)}`);
  }
}

function refused(message: string): PushResult {
  return { ok: false, problem: { code: 'bundle_unavailable', message } };
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** One blob, whole: opened by POST, sent by PUT to where the registry says. One that is there already is left. */
async function putBlob(client: OciClient, bytes: Uint8Array): Promise<string | undefined> {
  const digest = digestOf(bytes);
  const present = await client.request(`blobs/${digest}`, { method: 'HEAD' });
  if (present.status === 200) return undefined;
  const opened = await client.request('blobs/uploads/', { method: 'POST' });
  const location = opened.headers['location'];
  if (opened.status !== 202 || location === undefined)
    return `the registry answered ${opened.status} to a new upload`;
  const url = new URL(location, opened.url);
  url.searchParams.set('digest', digest);
  const sent = await client.request(url.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  });
  return sent.status === 201 ? undefined : `the registry answered ${sent.status} to a layer`;
}

async function putManifest(client: OciClient, tag: string, bytes: Uint8Array): Promise<string | undefined> {
  const headers = { 'content-type': MANIFEST_TYPE };
  const sent = await client.request(`manifests/${tag}`, { method: 'PUT', headers, body: bytes });
  return sent.status === 201 ? undefined : `the registry answered ${sent.status} to the manifest`;
}
