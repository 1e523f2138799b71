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
export { textOfBytes } from './bytes.ts';
export { isMember, isMemberAt } from './comparison.ts';
export type { CryptoHost, HostKey, PrivateKeyForm, SignatureAlgorithm } from './crypto-host.ts';
export type { CustomBuiltin, CustomBuiltins } from './custom.ts';
export { bindCustomBuiltins } from './custom.ts';
export type { HostAnswer, HostAnswers, HostRequest } from './host-request.ts';
export type { HttpSendRequest, HttpTlsOptions } from './http-request.ts';
export { urlFault } from './http-request.ts';
export { NondeterministicCache } from './nondeterministic-cache.ts';
export { SuspendedCall } from './suspended-call.ts';
export { BUILTINS, isKnownBuiltin, KNOWN_BUILTINS } from './table.ts';
export { readYaml } from './yaml-read.ts';
