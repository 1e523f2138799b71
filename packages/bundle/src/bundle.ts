import type { ActionType, EntrypointKind, JsonObject, Layer, Phase } from '@writ/decision';
import type { BundleEngine, EngineContent } from './bundle-engine.ts';
import type { BundleProblem } from './problem.ts';
import type { Release } from './release.ts';
import type { CheckedSignature, RequiredSignature } from './signing/verification.ts';
import type { EntrypointMode, Governance, Stewardship } from './stewardship.ts';

/** One Rego source of a bundle. */
export interface BundleModule {
  /** Path within the bundle, with `/` and no leading one. */
  readonly file: string;
  readonly text: string;
  /** Language version, from the manifest's `rego_version` and `file_rego_versions`; 1 by default. */
  readonly version: 0 | 1;
  /** Slash path of its package: `agent/tools`. */
  readonly package: string;
}

/** Where an entrypoint is consulted; a field that is absent does not restrict. Names may end in `*`. */
export interface When {
  readonly phases: readonly Phase[];
  /** By default all that the entrypoint's profile can express. */
  readonly types?: readonly ActionType[];
  readonly servers?: readonly string[];
  readonly tools?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly tenants?: readonly string[];
}

/** A rule of a bundle that decisions ask. */
export interface Entrypoint extends Stewardship {
  /** Slash path below `data`: `agent/tools/decision`. */
  readonly path: string;
  readonly kind: EntrypointKind;
  readonly layer: Layer;
  /** Input profile; `writ/v1` by default. */
  readonly profile: string;
  readonly when: When;
}

/** A bundle as read: parsed, checked for itself, digested; not compiled. */
export interface Bundle {
  readonly name: string;
  /** The manifest's revision, or the digest's first 12 hex digits where it names none. */
  readonly revision: string;
  /** `sha256:<hex>` over what activates; the same for a directory and for an archive of it. */
  readonly digest: string;
  /** Slash paths below `data` that the bundle owns; `''` is everything. */
  readonly roots: readonly string[];
  /** Language version of modules that the manifest does not name singly. */
  readonly regoVersion: 0 | 1;
  /** Modules that activate, by file name. */
  readonly modules: readonly BundleModule[];
  /** `*_test.rego`: kept for the tester, never activated, not in the digest. */
  readonly testModules: readonly BundleModule[];
  readonly data: JsonObject;
  /** The manifest's `metadata.writ.sequence`: what is published later has a higher one. */
  readonly sequence?: number;
  /** The manifest's `metadata.writ.rollback_to`: the revision whose content this is once more. */
  readonly rollbackTo?: string;
  /** The manifest's `metadata.writ.release`: the release that it is a part of. */
  readonly release?: Release;
  /** The manifest's `metadata`. */
  readonly metadata: JsonObject;
  readonly entrypoints: readonly Entrypoint[];
  /** Who answers for it and how it counts, as its manifest and its operator say; absent where neither says anything. */
  readonly governance?: Governance;
  /** From somebody whose word may only tighten: no grants, no overrides, own data, no network. */
  readonly thirdParty: boolean;
  /** What evaluates it, as its operator or else its manifest says; absent: the engine of the service. */
  readonly engine?: BundleEngine;
  /** What that engine reads beside Rego and data. */
  readonly engineContent?: EngineContent;
  /** The signatures that were required, each checked; empty where none was. */
  readonly signatures: readonly CheckedSignature[];
  /** False for a directory without `.manifest`, where in development any rule may be asked. */
  readonly hasManifest: boolean;
}

export type BundleResult =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** Limits while reading; every one is finite. */
export interface BundleLimits {
  readonly filesMax: number;
  readonly fileSizeBytesMax: number;
  readonly totalSizeBytesMax: number;
  /** Of an archive before decompression. */
  readonly archiveSizeBytesMax: number;
  readonly folderDepthMax: number;
}

export const DEFAULT_BUNDLE_LIMITS: BundleLimits = Object.freeze({
  filesMax: 20_000,
  fileSizeBytesMax: 256 * 1024 * 1024,
  totalSizeBytesMax: 256 * 1024 * 1024,
  archiveSizeBytesMax: 128 * 1024 * 1024,
  folderDepthMax: 32,
});

/** What the reader of a bundle may be told. */
export interface ReadBundleOptions {
  /** How decisions name the bundle; by default the folder's or the archive's name. */
  readonly name?: string;
  readonly thirdParty?: boolean;
  /** What evaluates the bundle; goes before its manifest's word. */
  readonly engine?: BundleEngine;
  /** Signatures that the bundle must carry; every one of them. */
  readonly signatures?: readonly RequiredSignature[];
  /** What the bundle is called where its manifest does not say. */
  readonly revision?: string;
  /** Take a signed bundle without checking its signature; otherwise it is refused. */
  readonly skipVerify?: boolean;
  /** Layers that the bundle may hold entrypoints in; by default all. */
  readonly layers?: readonly Layer[];
  /** What the operator says of its mode; goes before the bundle's own word. */
  readonly mode?: EntrypointMode;
  /** Take it without the signatures of the reviewers that its manifest requires. */
  readonly unreviewed?: boolean;
  readonly limits?: Partial<BundleLimits>;
  /** Entrypoints of the caller's own, beside or instead of the bundle's (`--entrypoint`). */
  readonly entrypoints?: readonly Entrypoint[];
}
