import type { GoUrl } from '../go-url.ts';
import type { ObjectIdentifier } from './der.ts';

export interface NameAttribute {
  readonly type: ObjectIdentifier;
  readonly value: string;
}

/** A distinguished name: its attributes in order. */
export type DistinguishedName = readonly NameAttribute[];

export interface Extension {
  readonly id: ObjectIdentifier;
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** A public key as Go reads it; `unknown` for algorithms that Go does not know. */
export type PublicKey =
  | { readonly kind: 'rsa'; readonly modulus: bigint; readonly exponent: bigint }
  | { readonly kind: 'ec'; readonly curve: string; readonly x: bigint; readonly y: bigint }
  | { readonly kind: 'ed25519'; readonly bytes: Uint8Array }
  | { readonly kind: 'x25519' }
  | { readonly kind: 'dsa'; readonly p: bigint; readonly q: bigint; readonly g: bigint; readonly y: bigint }
  | { readonly kind: 'unknown' };

export interface IpRange {
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

/** Names that a certificate holds for its subject, or that a constraint is about. */
export interface AlternativeNames {
  readonly dns: string[];
  readonly email: string[];
  readonly ip: Uint8Array[];
  readonly uri: { readonly text: string; readonly url: GoUrl }[];
}

export interface NameConstraints {
  readonly dns: string[];
  readonly ip: IpRange[];
  readonly email: string[];
  readonly uri: string[];
}

/** What the extensions of a certificate say; absent where it says nothing. */
export interface KnownExtensions {
  keyUsage: number;
  basicConstraints?: { readonly isCa: boolean; readonly maxPathLength: number };
  names: AlternativeNames;
  hasAlternativeNames: boolean;
  constraints?: {
    readonly isCritical: boolean;
    readonly permitted: NameConstraints;
    readonly excluded: NameConstraints;
  };
  distributionPoints: string[];
  authorityKeyId?: Uint8Array;
  subjectKeyId?: Uint8Array;
  /** Numbers of Go's table of usages. */
  extendedUsages: number[];
  unknownUsages: ObjectIdentifier[];
  policies?: ObjectIdentifier[];
  policyMappings: { readonly issuer: ObjectIdentifier; readonly subject: ObjectIdentifier }[];
  requireExplicitPolicy?: number;
  inhibitPolicyMapping?: number;
  inhibitAnyPolicy?: number;
  ocspServers: string[];
  issuingUrls: string[];
  unhandledCritical: ObjectIdentifier[];
}

export interface Certificate {
  readonly raw: Uint8Array;
  readonly rawToBeSigned: Uint8Array;
  readonly rawPublicKey: Uint8Array;
  readonly rawSubject: Uint8Array;
  readonly rawIssuer: Uint8Array;
  readonly signature: Uint8Array;
  /** Number in Go's table of algorithms; 0 is unknown. */
  readonly signatureAlgorithm: number;
  readonly publicKeyAlgorithm: number;
  readonly publicKey: PublicKey;
  readonly version: number;
  readonly serialNumber: bigint;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Extension[];
  readonly known: KnownExtensions;
}
