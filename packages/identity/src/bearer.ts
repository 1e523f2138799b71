import type { Credentials } from './credentials.ts';

export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly scheme: 'bearer' | 'dpop'; readonly token: string };

/** Longest token that is looked at, characters; those of large directories have some thousand. */
const TOKEN_LENGTH_MAX = 16_384;

/** The token of `Authorization: Bearer` (RFC 6750) or `DPoP` (RFC 9449). Two headers are one too many. */
export function presentedToken(credentials: Credentials): Presented {
  const values = credentials.header('authorization');
  const [value] = values;
  if (value === undefined) return { kind: 'none' };
  const found = /^(Bearer|DPoP) ([\x21-\x7e]+)$/i.exec(value);
  const [, scheme = '', token = ''] = found ?? [];
  if (values.length > 1 || found === null || token.length > TOKEN_LENGTH_MAX) return { kind: 'malformed' };
  return { kind: 'token', scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token };
}
