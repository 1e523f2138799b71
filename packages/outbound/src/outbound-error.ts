export const OUTBOUND_ERROR_CODES = [
  'outbound_url_refused',
  'outbound_host_refused',
  'outbound_address_refused',
  'outbound_redirect_refused',
  'outbound_response_too_large',
  'outbound_name_not_found',
  'outbound_connection_failed',
  'outbound_timeout',
  'outbound_cancelled',
] as const;
export type OutboundErrorCode = (typeof OUTBOUND_ERROR_CODES)[number];

/** Why a request was not made, or its answer not taken. `code` is one of `OUTBOUND_ERROR_CODES`. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;
  /** What a stranger may read: neither host nor address, since these tell how the network looks inside. */
  readonly publicMessage: string;

  constructor(code: OutboundErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.publicMessage = PUBLIC_MESSAGES[code];
  }
}

const PUBLIC_MESSAGES: Readonly<Record<OutboundErrorCode, string>> = {
  outbound_url_refused: 'the address is not one that may be requested',
  outbound_host_refused: 'the host is not on the list of allowed hosts',
  outbound_address_refused: 'the host leads to a network address that may not be reached',
  outbound_redirect_refused: 'the answer redirects to where it may not, or too often',
  outbound_response_too_large: 'the answer is larger than allowed',
  outbound_name_not_found: 'the host has no address',
  outbound_connection_failed: 'the connection failed',
  outbound_timeout: 'the answer did not come in time',
  outbound_cancelled: 'the request was cancelled',
};
