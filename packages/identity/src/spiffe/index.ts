/** SPIFFE identities and what rests on them: an entry of its own, since few need the libraries behind it. */
export { CALLER_HEADER, type ProxyProviderOptions, proxyProvider } from '../proxy-provider.ts';
export { type FileBundlesOptions, fileBundles } from './file-bundles.ts';
export { idPatternFault, type SpiffeIdMapping } from './id-mapping.ts';
export { isTrustDomain, parseSpiffeId, type SpiffeId } from './spiffe-id.ts';
export {
  peerChecker,
  type SpiffeProviderOptions,
  spiffeProvider,
} from './spiffe-provider.ts';
export { type BundleSource, type TrustBundle, TrustBundleError } from './trust-bundle.ts';
export {
  type KeyPair,
  openWorkloadApi,
  type WorkloadApi,
  WorkloadApiError,
  type WorkloadApiOptions,
} from './workload-api.ts';
export type { SvidCheck } from './x509-svid.ts';
