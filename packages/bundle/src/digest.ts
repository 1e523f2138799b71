import { createHash, hash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '@writ/decision';
import type { BundleModule, Entrypoint } from './bundle.ts';
import { digestedEngineContent, type EngineContent } from './bundle-engine.ts';
import { writeCanonical } from './large/write-canonical.ts';

/** What a digest covers: everything that takes part in decisions, nothing that only describes or tests. */
export interface DigestedContent {
  readonly revision: string;
  readonly roots: readonly string[];
  readonly metadata: JsonObject;
  readonly modules: readonly BundleModule[];
  readonly data: JsonObject;
  readonly entrypoints: readonly Entrypoint[];
  readonly engineContent?: EngineContent | undefined;
}

/**
 * `sha256:<hex>` over the RFC 8785 form of a bundle's content. Data counts as one merged document and order never
 * counts, so that a folder and an archive of it have one digest, however data is split into files. (`opa build`
 * renames and reformats modules: what it makes is other content.)
 */
export function digestContent(content: DigestedContent): string {
  const modules = [...content.modules]
    .sort((left, right) => (left.file < right.file ? -1 : 1))
    .map((module) => ({
      file: module.file,
      version: module.version,
      sha256: hash('sha256', module.text, 'hex'),
    }));
  const document = {
    format: 1,
    revision: content.revision,
    roots: [...content.roots].sort(),
    metadata: content.metadata,
    modules,
    data: content.data,
    entrypoints: content.entrypoints as unknown as JsonObject[],
    ...(content.engineContent === undefined
      ? {}
      : { engine_content: digestedEngineContent(content.engineContent) }),
  };
  const sum = createHash('sha256');
  writeCanonical(document, {
    text: (piece) => void sum.update(piece),
    bytes: (piece) => void sum.update(piece),
  });
  return `sha256:${sum.digest('hex')}`;
}

/** `sha256:<hex>` over several bundles; their order does not count. */
export function digestBundles(
  bundles: readonly { readonly name: string; readonly digest: string }[],
): string {
  const pairs = bundles
    .map(({ name, digest }) => [name, digest])
    .sort((left, right) => (left[0]! < right[0]! ? -1 : 1));
  return `sha256:${hash('sha256', canonicalJson(pairs), 'hex')}`;
}
