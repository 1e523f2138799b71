import type { Json, JsonObject } from '@writ/decision';
import type { Catalogue } from './catalogue.ts';
import { isObject } from './json-object.ts';
import type { Upstream } from './upstream.ts';

/**
 * Content blocks with the URIs of resources as clients of this gateway name them: a link that a server gives must lead
 * back to that server.
 */
export function releaseContent(catalogue: Catalogue, upstream: Upstream, content: Json): Json {
  return Array.isArray(content) ? content.map((block) => releaseBlock(catalogue, upstream, block)) : content;
}

/** One block; whatever has another shape passes as it is. */
export function releaseBlock(catalogue: Catalogue, upstream: Upstream, block: Json): Json {
  if (!isObject(block)) return block;
  const { type, resource } = block;
  if (type === 'resource_link') return withUri(catalogue, upstream, block);
  if (type === 'resource' && isObject(resource)) {
    return { ...block, resource: withUri(catalogue, upstream, resource) };
  }
  return block;
}

/** The object with its `uri` as clients name it. */
export function withUri(catalogue: Catalogue, upstream: Upstream, object: JsonObject): JsonObject {
  const { uri } = object;
  return typeof uri === 'string' ? { ...object, uri: catalogue.uriOf(upstream, uri) } : object;
}
