import { isUrlFault, parseGoUrl } from '../go-url.ts';
import { bitAt, contextTag, Der, objectIdentifierOf, TAG, X509Fault } from './der.ts';
import { isDomainName } from './domain-name.ts';
import { readNameConstraints } from './name-constraints.ts';
import type { AlternativeNames, Extension, KnownExtensions } from './nodes.ts';
import { anyText, ia5Text } from './text.ts';

/** Identifiers of usages in the order of Go's constants. */
const EXTENDED_USAGES: readonly string[] = [
  '2.5.29.37.0',
  '1.3.6.1.5.5.7.3.1',
  '1.3.6.1.5.5.7.3.2',
  '1.3.6.1.5.5.7.3.3',
  '1.3.6.1.5.5.7.3.4',
  '1.3.6.1.5.5.7.3.5',
  '1.3.6.1.5.5.7.3.6',
  '1.3.6.1.5.5.7.3.7',
  '1.3.6.1.5.5.7.3.8',
  '1.3.6.1.5.5.7.3.9',
  '1.3.6.1.4.1.311.10.3.3',
  '2.16.840.1.113730.4.1',
  '1.3.6.1.4.1.311.2.1.22',
  '1.3.6.1.4.1.311.61.1.1',
];

const URI = contextTag(6);

export function noNames(): AlternativeNames {
  return { dns: [], email: [], ip: [], uri: [] };
}

/** Names of the subject (RFC 5280, 4.2.1.6). */
export function readAlternativeNames(value: Uint8Array): AlternativeNames {
  const names = noNames();
  const sequence = new Der(value).read(TAG.sequence, 'x509: invalid subject alternative names');
  while (!sequence.isEmpty) {
    const name = sequence.next();
    if (name === undefined) throw new X509Fault('x509: invalid subject alternative name');
    addName(names, name.tag ^ 0x80, name.content.bytes);
  }
  return names;
}

function addName(names: AlternativeNames, kind: number, bytes: Uint8Array): void {
  if (kind === 1) names.email.push(ia5Text(bytes, 'x509: SAN rfc822Name is malformed'));
  else if (kind === 2) names.dns.push(ia5Text(bytes, 'x509: SAN dNSName is malformed'));
  else if (kind === 6) {
    const text = ia5Text(bytes, 'x509: SAN uniformResourceIdentifier is malformed');
    const url = parseGoUrl(text);
    if (isUrlFault(url)) {
      throw new X509Fault(
        `x509: cannot parse URI ${JSON.stringify(text)}: parse ${JSON.stringify(text)}: ${url.problem}`,
      );
    }
    if (url.host !== '' && !isDomainName(url.host, false)) {
      throw new X509Fault(`x509: cannot parse URI ${JSON.stringify(text)}: invalid domain`);
    }
    names.uri.push({ text, url });
  } else if (kind === 7) {
    if (bytes.length !== 4 && bytes.length !== 16) {
      throw new X509Fault(`x509: cannot parse IP address of length ${bytes.length}`);
    }
    names.ip.push(bytes);
  }
}

type Reader = (known: KnownExtensions, extension: Extension) => boolean | undefined;

/** Readers below `2.5.29`, by last number; each tells `true` where it did not understand all of it. */
const READERS: Readonly<Record<number, Reader>> = {
  14: (known, { value, isCritical }) => {
    if (isCritical) throw new X509Fault('x509: subject key identifier incorrectly marked critical');
    known.subjectKeyId = new Der(value).read(TAG.octetString, 'x509: invalid subject key identifier').bytes;
    return undefined;
  },
  15: (known, { value }) => {
    const bits = new Der(value).bitString('x509: invalid key usage');
    for (let index = 0; index < 9; index++) if (bitAt(bits, index)) known.keyUsage |= 1 << index;
    return undefined;
  },
  17: (known, { value }) => {
    const names = readAlternativeNames(value);
    known.names = names;
    known.hasAlternativeNames = true;
    return [names.dns, names.email, names.ip, names.uri].every((list) => list.length === 0);
  },
  19: (known, { value }) => {
    const problem = 'x509: invalid basic constraints';
    const sequence = new Der(value).read(TAG.sequence, problem);
    const isCa = sequence.nextTag === TAG.boolean && sequence.boolean(problem);
    const length = sequence.nextTag === TAG.integer ? sequence.integer(problem) : -1n;
    if (length < -1n || length > BigInt(Number.MAX_SAFE_INTEGER)) throw new X509Fault(problem);
    known.basicConstraints = { isCa, maxPathLength: Number(length) };
    return undefined;
  },
  30: readNameConstraints,
  31: (known, { value }) => {
    readDistributionPoints(known, value);
    return undefined;
  },
  32: (known, { value }) => {
    readPolicies(known, value);
    return undefined;
  },
  33: (known, { value }) => {
    const problem = 'x509: invalid policy mappings extension';
    const sequence = new Der(value).read(TAG.sequence, problem);
    while (!sequence.isEmpty) {
      const pair = sequence.read(TAG.sequence, problem);
      known.policyMappings.push({
        issuer: pair.objectIdentifier(problem),
        subject: pair.objectIdentifier(problem),
      });
    }
    return undefined;
  },
  35: (known, { value, isCritical }) => {
    if (isCritical) throw new X509Fault('x509: authority key identifier incorrectly marked critical');
    const problem = 'x509: invalid authority key identifier';
    const id = new Der(value).read(TAG.sequence, problem).optional(contextTag(0), problem);
    if (id !== undefined) known.authorityKeyId = id.bytes;
    return undefined;
  },
  36: (known, { value }) => {
    const problem = 'x509: invalid policy constraints extension';
    const sequence = new Der(value).read(TAG.sequence, problem);
    if (sequence.nextTag === contextTag(0)) {
      known.requireExplicitPolicy = Number(sequence.integer(problem, contextTag(0)));
    }
    if (sequence.nextTag === contextTag(1)) {
      known.inhibitPolicyMapping = Number(sequence.integer(problem, contextTag(1)));
    }
    return undefined;
  },
  37: (known, { value }) => {
    const problem = 'x509: invalid extended key usages';
    const sequence = new Der(value).read(TAG.sequence, problem);
    while (!sequence.isEmpty) {
      const usage = sequence.objectIdentifier(problem);
      const number = EXTENDED_USAGES.indexOf(usage.join('.'));
      if (number >= 0) known.extendedUsages.push(number);
      else known.unknownUsages.push(usage);
    }
    return undefined;
  },
  54: (known, { value }) => {
    known.inhibitAnyPolicy = Number(new Der(value).integer('x509: invalid inhibit any policy extension'));
    return undefined;
  },
};

function readDistributionPoints(known: KnownExtensions, value: Uint8Array): void {
  const problem = 'x509: invalid CRL distribution point';
  const sequence = new Der(value).read(TAG.sequence, `${problem}s`);
  while (!sequence.isEmpty) {
    const point = sequence.read(TAG.sequence, problem);
    const name = point.optional(contextTag(0, true), problem)?.read(contextTag(0, true), problem);
    while (name !== undefined && name.nextTag === URI) {
      known.distributionPoints.push(anyText(name.read(URI, problem).bytes));
    }
  }
}

function readPolicies(known: KnownExtensions, value: Uint8Array): void {
  const problem = 'x509: invalid certificate policies';
  const sequence = new Der(value).read(TAG.sequence, problem);
  const seen = new Set<string>();
  known.policies = [];
  while (!sequence.isEmpty) {
    const { bytes } = sequence.read(TAG.sequence, problem).read(TAG.objectIdentifier, problem);
    const policy = objectIdentifierOf(bytes, problem);
    if (seen.has(policy.join('.'))) throw new X509Fault(problem);
    seen.add(policy.join('.'));
    known.policies.push(policy);
  }
}

const AUTHORITY_INFORMATION = '1.3.6.1.5.5.7.1.1';

function readAuthorityInformation(known: KnownExtensions, { value, isCritical }: Extension): void {
  if (isCritical) throw new X509Fault('x509: authority info access incorrectly marked critical');
  const problem = 'x509: invalid authority info access';
  const sequence = new Der(value).read(TAG.sequence, problem);
  while (!sequence.isEmpty) {
    const access = sequence.read(TAG.sequence, problem);
    const method = access.objectIdentifier(problem).join('.');
    const uri = access.optional(URI, problem);
    if (uri === undefined) continue;
    if (method === '1.3.6.1.5.5.7.48.1') known.ocspServers.push(anyText(uri.bytes));
    else if (method === '1.3.6.1.5.5.7.48.2') known.issuingUrls.push(anyText(uri.bytes));
  }
}

/** What the extensions say that Go reads (RFC 5280, 4.2). */
export function knownExtensions(extensions: readonly Extension[]): KnownExtensions {
  const known: KnownExtensions = {
    keyUsage: 0,
    names: noNames(),
    hasAlternativeNames: false,
    distributionPoints: [],
    extendedUsages: [],
    unknownUsages: [],
    policyMappings: [],
    ocspServers: [],
    issuingUrls: [],
    unhandledCritical: [],
  };
  for (const extension of extensions) {
    const { id } = extension;
    const isStandard = id.length === 4 && id[0] === 2 && id[1] === 5 && id[2] === 29;
    const reader = isStandard ? READERS[id[3]!] : undefined;
    let isUnhandled = reader === undefined ? true : reader(known, extension) === true;
    if (id.join('.') === AUTHORITY_INFORMATION) {
      readAuthorityInformation(known, extension);
      isUnhandled = false;
    }
    if (isUnhandled && extension.isCritical) known.unhandledCritical.push(id);
  }
  return known;
}
