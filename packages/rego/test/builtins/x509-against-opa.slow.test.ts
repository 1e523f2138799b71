import type { Oracle } from '@writ/testing';
import { isSkip, startOracle } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILTINS, BuiltinError } from '../../src/builtins/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import type { Value } from '../../src/value/index.ts';
import { fromJson, toJson, typeName } from '../../src/value/index.ts';
import { callContext } from './call-context.ts';
import { makeCertificates } from './certificates.ts';
import type { CallOutcome } from './opa-caller.ts';
import { OpaCaller } from './opa-caller.ts';

const started = await startOracle();
const made = isSkip(started) ? undefined : makeCertificates();
const missing = isSkip(started) ? started.skip : made === undefined ? 'openssl is not installed' : '';
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(() => oracle?.stop());

function ours(name: string, operands: readonly Value[]): CallOutcome {
  const timeNs = BigInt(Date.now()) * 1_000_000n;
  const outcome = BUILTINS[name]!.implementation(callContext({ crypto: nodeCrypto, timeNs }), ...operands);
  if (outcome === undefined) return { kind: 'undefined' };
  if (outcome instanceof BuiltinError) return { kind: 'error', code: outcome.code, message: outcome.message };
  return { kind: 'value', type: typeName(outcome), json: toJson(outcome) };
}

/** Codes must agree; of the words only those that are OPA's own. */
function comparable(outcome: CallOutcome): unknown {
  if (outcome.kind === 'value') return JSON.parse(toJson(fromJson(outcome.json)!));
  return outcome.kind === 'error' ? { kind: 'error', code: outcome.code } : outcome;
}

async function compare(name: string, ...operands: readonly Value[]): Promise<CallOutcome> {
  const theirs = await new OpaCaller(oracle!).call(name, operands);
  if (theirs === 'rejected') throw new Error('rejected');
  const own = ours(name, operands);
  expect(comparable(own), own.kind === 'error' ? own.message : name).toEqual(comparable(theirs));
  return own;
}

const names = Object.keys(made ?? { none: '' });
const certificates = names.filter((name) => made?.[name]?.includes('BEGIN CERTIFICATE-'));
const keys = names.filter((name) => name.endsWith('key'));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const der = (pem: string): string => pem.replace(/-----[^-]+-----|\n/g, '');

const CHAINS: Readonly<Record<string, readonly string[]>> = {
  whole: ['root', 'middle', 'leaf'],
  'without the middle': ['root', 'leaf'],
  'the root alone': ['root'],
  'the root twice': ['root', 'root'],
  pss: ['root', 'pss'],
  sha1: ['root', 'sha1'],
  'within constraints': ['root', 'limited', 'below'],
  'outside constraints': ['root', 'limited', 'outside'],
  'excluded by constraints': ['root', 'limited', 'excluded'],
  'too deep': ['root', 'middle', 'deep', 'too deep'],
  'more than is needed': ['root', 'limited', 'deep', 'middle', 'leaf'],
  'for clients': ['root', 'client'],
  'critical and unknown': ['root', 'odd'],
  ed25519: ['edroot', 'edleaf'],
  'another root': ['edroot', 'middle', 'leaf'],
};

describe.skipIf(missing !== '')(`crypto.x509 and private keys${missing && ` (skipped: ${missing})`}`, () => {
  const parse = 'crypto.x509.parse_certificates';
  test.for(certificates)('parses as OPA does: %s', async (name) => {
    expect((await compare(parse, made![name]!)).kind).toBe('value');
    await compare(parse, base64(made![name]!));
    await compare(parse, der(made![name]!));
  });

  test('several, none, and what is no certificate', async () => {
    const differences: string[] = [];
    for (const text of [
      made!['leaf']! + made!['root']!,
      '',
      'a',
      made!['rsa key']!,
      made!['request']!,
      'AAAA',
    ]) {
      await compare(parse, text);
    }
    const bytes = Buffer.from(der(made!['leaf']!), 'base64');
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x55;
      for (const text of [changed, bytes.subarray(0, at)].map((one) => one.toString('base64'))) {
        await compare(parse, text).catch((error: Error) => differences.push(`${at}: ${error.message}`));
      }
    }
    expect(differences).toEqual([]);
  });

  test.for(Object.entries(CHAINS))('verifies as OPA does: %s', async ([, chain]) => {
    const text = chain.map((name) => made![name]!).join('');
    await compare('crypto.x509.parse_and_verify_certificates', text);
    const withOptions = 'crypto.x509.parse_and_verify_certificates_with_options';
    for (const options of [
      {},
      { KeyUsages: ['KeyUsageAny'] },
      { KeyUsages: ['KeyUsageClientAuth', 'KeyUsageCodeSigning'] },
      { KeyUsages: ['none'] },
      { KeyUsages: 'none' },
      { DNSName: 'www.example.org' },
      { DNSName: 'WWW.example.org.' },
      { DNSName: 'x.deep.example.org' },
      { DNSName: 'x.y.deep.example.org' },
      { DNSName: 'deep.example.org' },
      { DNSName: '10.1.2.3' },
      { DNSName: '[10.1.2.3]' },
      { DNSName: '10.1.2.4' },
      { DNSName: 1 },
      { CurrentTime: 0 },
      { CurrentTime: 4_000_000_000_000_000_000 },
      { CurrentTime: 'now' },
      { MaxConstraintComparisons: 1 },
      { other: 1 },
    ]) {
      await compare(withOptions, text, options as Value);
    }
  });

  test('requests for certificates', async () => {
    const request = 'crypto.x509.parse_certificate_request';
    for (const name of ['request', 'plain request']) {
      expect((await compare(request, made![name]!)).kind).toBe('value');
      await compare(request, base64(made![name]!));
      await compare(request, der(made![name]!));
    }
    for (const text of ['', 'a', 'AAAA', made!['leaf']!, base64(made!['leaf']!)])
      await compare(request, text);
  });

  test.for(keys)('private keys: %s', async (name) => {
    const key = made![name]!;
    for (const builtin of ['crypto.parse_private_keys', 'crypto.x509.parse_rsa_private_key']) {
      expect((await compare(builtin, key)).kind).toBe('value');
      await compare(builtin, base64(key));
      await compare(builtin, key + made!['leaf']! + key);
      await compare(builtin, der(key));
      await compare(builtin, key.replace(/\n[A-Za-z]/, '\nB'));
    }
    for (const certificate of ['leaf', 'root', 'edleaf', 'below']) {
      await compare('crypto.x509.parse_keypair', made![certificate]!, key);
      await compare('crypto.x509.parse_keypair', base64(made![certificate]!), base64(key));
    }
    await compare('crypto.x509.parse_keypair', der(made!['leaf']!), der(key));
    await compare('crypto.x509.parse_keypair', key, key);
  });

  test('texts without keys', async () => {
    for (const text of [
      '',
      'nope',
      made!['leaf']!,
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    ]) {
      await compare('crypto.parse_private_keys', text);
      await compare('crypto.x509.parse_rsa_private_key', text);
    }
  });
});
