import { type Json, readStrictBytes } from '@writ/decision';

export type ReadMessage =
  | { readonly ok: true; readonly message: { readonly [key: string]: Json } }
  | {
      readonly ok: false;
      readonly code: string;
      readonly reason: string;
      /** JSON-RPC 2.0: -32700 parse error, -32600 invalid request. */
      readonly rpcCode: -32700 | -32600;
    };

/**
 * Reads one JSON-RPC message. What two parsers could read differently is refused before anything looks at it:
 * duplicate keys, inexact numbers, and batches, which the protocol dropped and which smuggle calls past a check of
 * the first element.
 */
export function readMessage(bytes: Uint8Array, sizeBytesMax: number): ReadMessage {
  const read = readStrictBytes(bytes, { sizeBytesMax });
  if (!read.ok) return { ok: false, code: read.code, reason: read.message, rpcCode: -32700 };
  const { value } = read;
  if (Array.isArray(value)) {
    return { ok: false, code: 'batch_refused', reason: 'JSON-RPC batches are not accepted', rpcCode: -32600 };
  }
  if (typeof value !== 'object' || value === null) {
    return {
      ok: false,
      code: 'message_not_object',
      reason: 'a JSON-RPC message is an object',
      rpcCode: -32600,
    };
  }
  const message = value as { readonly [key: string]: Json };
  const variant = caseVariant(message, ['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
  const params = message['params'];
  const nested =
    typeof params === 'object' && params !== null && !Array.isArray(params)
      ? caseVariant(params as { readonly [key: string]: Json }, [
          'name',
          'arguments',
          '_meta',
          'uri',
          'cursor',
        ])
      : undefined;
  const found = variant ?? nested;
  if (found !== undefined) {
    // Case-insensitive parsers behind us would take `Name` for `name`: GHSA-4gph-2hhr-5mwg.
    return {
      ok: false,
      code: 'key_case_variant',
      reason: `unexpected spelling of a key: \`${found}\``,
      rpcCode: -32600,
    };
  }
  return { ok: true, message };
}

function caseVariant(object: { readonly [key: string]: Json }, known: readonly string[]): string | undefined {
  return Object.keys(object).find((key) => !known.includes(key) && known.includes(folded(key)));
}

/** Upper case first: some parsers fold the long s and the Kelvin sign to plain letters. */
function folded(key: string): string {
  return key.toUpperCase().toLowerCase();
}
