export { type BuildOptions, type BuildResult, buildBundle, signDirectory } from './build-bundle.ts';
export { BUILT_IN_BUNDLES } from './built-in.ts';
export {
  type Bundle,
  type BundleLimits,
  type BundleModule,
  type BundleResult,
  DEFAULT_BUNDLE_LIMITS,
  type Entrypoint,
  type ReadBundleOptions,
  type When,
} from './bundle.ts';
export { BUNDLE_ENGINES, type BundleEngine, type EngineContent, type WasmResolver } from './bundle-engine.ts';
export { checkReleases, type ReleaseRequirement } from './check-releases.ts';
export {
  type BundleComparison,
  type BundleIdentity,
  compareBundles,
  type EntrypointChange,
} from './compare/compare-bundles.ts';
export type { RuleChange } from './compare/rule-changes.ts';
export { compareValues, type ValueChange } from './compare/value-changes.ts';
export { contentFacts } from './content-facts.ts';
export { buildDelta } from './delta/build-delta.ts';
export { foldDeltas } from './delta/fold-deltas.ts';
export type { PatchOperation } from './delta/patch.ts';
export { applyDeltas, type DeltaArchive } from './delta/read-delta.ts';
export { type BundleChange, describeChange, type FileChange, renderChange } from './describe-change.ts';
export { digestBundles } from './digest.ts';
export { type EntrypointResult, parseEntrypoint } from './entrypoint.ts';
export type { BundleFile, FilesResult } from './files.ts';
export {
  modeOf,
  type ReviewerState,
  type ReviewState,
  reviewersOf,
  reviewState,
  stewardshipFor,
} from './governance.ts';
export { jsonBytes } from './large/write-canonical.ts';
export { type DiffLine, lineDiff } from './line-diff.ts';
export {
  completeEntrypoint,
  type EntrypointDefaults,
  manifestJsonSchema,
  manifestSchema,
  readManifest,
  type WrittenEntrypoint,
} from './manifest.ts';
export { BUNDLE_ERROR_CODES, type BundleErrorCode, type BundleProblem, renderProblem } from './problem.ts';
export { type DocumentResult, readDocument } from './read-data.ts';
export { readDirectory } from './read-directory.ts';
export { readTarball, readTarballBytes, unpackArchive } from './read-tarball.ts';
export { isSameContent, type RebuildOptions, type RebuildResult, rebuildArchive } from './rebuild-archive.ts';
export { buildRegistry } from './registry/build-registry.ts';
export { type ExplainedCall, type ExplainedFact, explainResolution } from './registry/explain-resolution.ts';
export { checkDocument } from './registry/read-registry.ts';
export { readRegistryFile } from './registry/registry-file.ts';
export type { Capability, Registry, ToolEntry } from './registry/registry-model.ts';
export { ADAPTERS, registryJsonSchema, registrySchema } from './registry/registry-schema.ts';
export { type Resolution, resolveCapability } from './registry/resolve-capability.ts';
export type { Objection, RateRule, ResolveCall, ResolvedCapability } from './registry/resolved-capability.ts';
export { type Tightened, tightenCall } from './registry/tighten-call.ts';
export { type Release, releaseSchema } from './release.ts';
export type { Fetched, Fetcher, FetchOutcome } from './remote/fetcher.ts';
export { createGitFetcher, type GitFetcherOptions } from './remote/git-fetcher.ts';
export { createHttpFetcher, type HttpFetcherOptions } from './remote/http-fetcher.ts';
export type { ContentFacts, KeptContent } from './remote/kept-contents.ts';
export type { OciFetcherOptions } from './remote/oci-client.ts';
export { createOciFetcher } from './remote/oci-fetcher.ts';
export { type PushResult, pushOci, tagOci } from './remote/push-oci.ts';
export {
  createRemoteBundle,
  type OfferOutcome,
  type RemoteBundle,
  type RemoteOptions,
  type RemoteStatus,
} from './remote/remote-bundle.ts';
export { rootsOverlap } from './roots.ts';
export { type SigningOptions, type SigningResult, signBundle } from './signing/bundle-signature.ts';
export { type DetachedResult, signDetached } from './signing/detached-signature.ts';
export {
  type CheckedSignature,
  type ExternalSigner,
  type RequiredSignature,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type VerificationKey,
} from './signing/verification.ts';
export { type BundleSetResult, type BundleSource, checkSet, readSource, readSources } from './sources.ts';
export {
  cadenceMs,
  ENTRYPOINT_MODES,
  type EntrypointMode,
  type Governance,
  type Stewardship,
} from './stewardship.ts';
export { type ArchiveSignatures, archiveSignatures, type FoundSignature } from './verify-archive.ts';
export { type Watch, type WatchOptions, watchPaths } from './watch.ts';
export { applies, matchesName } from './when.ts';
export { type ArchiveFile, writeArchive } from './write-archive.ts';
export { buildYamlPolicy, type YamlBuildResult } from './yaml-policy/build-yaml-policy.ts';
export { explainYamlPolicy } from './yaml-policy/explain.ts';
export { readYamlPolicy, type YamlPolicyResult } from './yaml-policy/read.ts';
export { type YamlPolicy, yamlPolicyJsonSchema } from './yaml-policy/schema.ts';
