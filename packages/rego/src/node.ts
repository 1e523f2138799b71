/** What an evaluation may be given where it runs on Node; nothing else in this package needs Node. */
export type { CryptoHost, HostKey, SignatureAlgorithm } from './builtins/index.ts';
export { nodeCrypto } from './node/crypto.ts';
export type { NodeNetworkOptions } from './node/network.ts';
export { anyFile, nodeNetwork } from './node/network.ts';
