import { hash } from 'node:crypto';

/** Engines that a bundle can be evaluated by; its manifest may name `rego`, `wasm` and `cedar`, its operator any. */
export const BUNDLE_ENGINES = ['rego', 'opa', 'wasm', 'cedar', 'crosscheck'] as const;
export type BundleEngine = (typeof BUNDLE_ENGINES)[number];

/** Which Wasm module answers an entrypoint: a slash path below `data`, and a path within the bundle. */
export interface WasmResolver {
  readonly entrypoint: string;
  readonly module: string;
}

/** What an engine reads of a bundle beside Rego and data: part of the digest where that engine evaluates it. */
export interface EngineContent {
  /** Wasm modules, or Cedar's policies, schema and entities; as they lie in the bundle, by path. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** The manifest's `wasm`: the module that answers each entrypoint, a slash path below `data`. */
  readonly wasm: readonly WasmResolver[];
}

/** What a digest covers of it. */
export function digestedEngineContent({ files, wasm }: EngineContent) {
  return {
    files: files.map(({ path, bytes }) => ({ file: path, sha256: hash('sha256', bytes, 'hex') })),
    wasm: wasm.map(({ entrypoint, module }) => ({ entrypoint, module })),
  };
}
