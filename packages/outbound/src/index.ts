export { type AddressKind, addressKind } from './address.ts';
export type {
  Outbound,
  OutboundInit,
  OutboundOptions,
  OutboundResponse,
  Resolve,
  TlsMaterial,
} from './contract.ts';
export { createOutbound } from './create-outbound.ts';
export { OUTBOUND_ERROR_CODES, OutboundError, type OutboundErrorCode } from './outbound-error.ts';
