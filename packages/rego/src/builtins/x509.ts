import type { ObjectValue, Value } from '../value/index.ts';
import { bigIntOf, isNumber, objectEntries, RegoSet } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { bytesOfText } from './bytes.ts';
import type { Family } from './define.ts';
import { readBase64 } from './encoding.ts';
import { cancelled, fault } from './fault.ts';
import { firstPemBlock } from './pem.ts';
import { readCertificates } from './x509/certificate.ts';
import { certificateValue, extendedCertificateValue } from './x509/certificate-value.ts';
import { X509Fault } from './x509/der.ts';
import type { Certificate } from './x509/nodes.ts';
import { certificateRequestValue } from './x509/request.ts';
import type { VerifyOptions } from './x509/verify.ts';
import { verifiedChain } from './x509/verify.ts';

const NS_PER_SECOND = 1_000_000_000n;
const COMPARISONS_MAX = 250_000;
const USAGE_SERVER = 1;

const USAGES: readonly string[] = [
  'Any',
  'ServerAuth',
  'ClientAuth',
  'CodeSigning',
  'EmailProtection',
  'IPSECEndSystem',
  'IPSECTunnel',
  'IPSECUser',
  'TimeStamping',
  'OCSPSigning',
  'MicrosoftServerGatedCrypto',
  'NetscapeServerGatedCrypto',
  'MicrosoftCommercialCodeSigning',
  'MicrosoftKernelCodeSigning',
];

/** Runs a step that gives up by throwing. */
function attempt<Result>(step: () => Result): Result | BuiltinError {
  try {
    return step();
  } catch (caught) {
    if (caught instanceof X509Fault) return fault(caught.message);
    throw caught;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function pemCertificates(text: string): readonly Certificate[] | BuiltinError {
  const parts: Uint8Array[] = [];
  for (let rest = text; ; ) {
    const block = firstPemBlock(rest);
    if (block === undefined) break;
    if (block.label !== 'CERTIFICATE') {
      return fault(`PEM block type is '${block.label}', expected CERTIFICATE`);
    }
    parts.push(block.bytes);
    rest = block.rest;
  }
  return attempt(() => readCertificates(joined(parts)));
}

/** Certificates in PEM, or in base64 over PEM or DER. */
function certificatesOf(text: string): readonly Certificate[] | BuiltinError {
  if (text.startsWith('-----BEGIN')) return pemCertificates(text);
  const decoded = readBase64(text);
  if (decoded instanceof BuiltinError) return decoded;
  if (decoded.startsWith('-----BEGIN')) return pemCertificates(decoded);
  return attempt(() => readCertificates(bytesOfText(decoded)));
}

function parseCertificates(_context: BuiltinContext, text: string): BuiltinOutcome {
  const certificates = certificatesOf(text);
  if (certificates instanceof BuiltinError) return certificates;
  // No certificates are an empty list here, not nothing.
  return certificates.map(extendedCertificateValue);
}

function verify(
  context: BuiltinContext,
  certificates: readonly Certificate[],
  options: VerifyOptions,
  shown: (certificate: Certificate) => Value,
): BuiltinOutcome {
  const host = context.crypto;
  if (host === undefined) return cancelled('no cryptography was given to this evaluation');
  const chain = verifiedChain(host, certificates, options);
  return chain === undefined ? [false, []] : [true, chain.map(shown)];
}

/** Go takes the time of the machine where it is told none: so does this. */
function presentSeconds(context: BuiltinContext): number {
  return Number(context.timeNs) / Number(NS_PER_SECOND);
}

function parseAndVerify(context: BuiltinContext, text: string): BuiltinOutcome {
  const certificates = certificatesOf(text);
  if (certificates instanceof BuiltinError) return [false, []];
  const options = {
    dnsName: '',
    time: presentSeconds(context),
    usages: [USAGE_SERVER],
    comparisonsMax: COMPARISONS_MAX,
  };
  return verify(context, certificates, options, extendedCertificateValue);
}

type OptionReader = (value: Value) => Partial<VerifyOptions> | BuiltinError;

const OPTIONS: Readonly<Record<string, OptionReader>> = {
  DNSName: (value) => {
    if (typeof value !== 'string') return fault("'DNSName' should be a string");
    return { dnsName: value.replace(/^"+|"+$/g, '') };
  },
  CurrentTime: (value) => {
    if (!isNumber(value)) return fault("'CurrentTime' should be a number");
    const ns = bigIntOf(value);
    if (ns === undefined || BigInt.asIntN(64, ns) !== ns) {
      return fault("'CurrentTime' should be a valid int64 number");
    }
    return { time: Number(ns) / Number(NS_PER_SECOND) };
  },
  MaxConstraintComparisons: (value) => {
    if (!isNumber(value)) return fault("'MaxConstraintComparisons' should be a number");
    const count = bigIntOf(value);
    if (count === undefined || BigInt.asIntN(64, count) !== count) {
      return fault("'MaxConstraintComparisons' should be a valid number");
    }
    // Go reads this number and limits nothing by it any more; a limit of its own holds here always.
    return {};
  },
  KeyUsages: (value) => {
    if (!Array.isArray(value) && !(value instanceof RegoSet)) {
      return fault("'KeyUsages' should be an Array or Set");
    }
    const members = value instanceof RegoSet ? value.sorted() : (value as readonly Value[]);
    const names = members
      .filter((member) => typeof member === 'string')
      .map((name) => name.replace(/^"+|"+$/g, ''));
    const numbers = names.map((name) => USAGES.findIndex((usage) => name === `KeyUsage${usage}`));
    const unknown = names.filter((_name, index) => numbers[index]! < 0);
    if (unknown.length > 0) return fault(`invalid entries for 'KeyUsages' found: [${unknown.join(' ')}]`);
    return { usages: numbers.length === 0 ? [USAGE_SERVER] : numbers };
  },
};

function parseAndVerifyWithOptions(
  context: BuiltinContext,
  text: string,
  given: ObjectValue,
): BuiltinOutcome {
  const certificates = certificatesOf(text);
  if (certificates instanceof BuiltinError) return [false, []];
  let options: VerifyOptions = {
    dnsName: '',
    time: presentSeconds(context),
    usages: [USAGE_SERVER],
    comparisonsMax: COMPARISONS_MAX,
  };
  for (const [name, value] of objectEntries(given)) {
    if (typeof name !== 'string') continue;
    const read = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    const part = read === undefined ? fault('invalid key option') : read(value);
    if (part instanceof BuiltinError) return part;
    options = { ...options, ...part };
  }
  return verify(context, certificates, options, certificateValue);
}

const REQUEST_LABEL = 'CERTIFICATE REQUEST';

function parseRequest(_context: BuiltinContext, text: string): BuiltinOutcome {
  const decoded = text.startsWith(`-----BEGIN ${REQUEST_LABEL}-----`) ? text : readBase64(text);
  if (decoded instanceof BuiltinError) return decoded;
  const block = firstPemBlock(decoded);
  if (block !== undefined && block.label !== REQUEST_LABEL) {
    return fault('invalid PEM-encoded certificate signing request');
  }
  return attempt(() => certificateRequestValue(block?.bytes ?? bytesOfText(decoded)));
}

/** Certificates. Source: OPA's `topdown/crypto.go`. */
export const X509: Family = {
  'crypto.x509.parse_certificates': parseCertificates,
  'crypto.x509.parse_and_verify_certificates': parseAndVerify,
  'crypto.x509.parse_and_verify_certificates_with_options': parseAndVerifyWithOptions,
  'crypto.x509.parse_certificate_request': parseRequest,
};
