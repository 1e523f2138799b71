export type {
  Builtin,
  BuiltinContext,
  BuiltinErrorCode,
  BuiltinImplementation,
  BuiltinOutcome,
  BuiltinSignature,
  BuiltinType,
} from './builtin.ts';
export { BuiltinError } from './builtin.ts';
export { isMember, isMemberAt } from './comparison.ts';
export type { CryptoHost, HostKey, SignatureAlgorithm } from './crypto-host.ts';
export { BUILTINS, isKnownBuiltin, KNOWN_BUILTINS } from './table.ts';
