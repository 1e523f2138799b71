import type { Value } from '../value/index.ts';
import { compareStrings } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: string;
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const INT64_MAX = 2n ** 63n - 1n;

/** A version of semver.org, with or without a leading `v`. */
function parse(text: string): Version | undefined {
  const plain = text.startsWith('v') ? text.slice(1) : text;
  const [release, metadata] = cut(plain, '+');
  if (metadata !== undefined && !IDENTIFIERS.test(metadata)) return undefined;
  const [core, preRelease] = cut(release, '-');
  if (preRelease !== undefined && !isPreRelease(preRelease)) return undefined;
  const parts = core.split('.');
  if (parts.length !== 3 || !parts.every((part) => /^(?:0|[1-9]\d*)$/.test(part))) return undefined;
  const numbers = parts.map(BigInt);
  return numbers.every((number) => number <= INT64_MAX)
    ? { numbers, preRelease: preRelease ?? '' }
    : undefined;
}

function cut(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function isPreRelease(text: string): boolean {
  return IDENTIFIERS.test(text) && !text.split('.').some((part) => /^0\d+$/.test(part));
}

function compareIdentifiers(a: string, b: string): number {
  const isNumberA = /^\d+$/.test(a);
  const isNumberB = /^\d+$/.test(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  if (!isNumberA) return compareStrings(a, b);
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function compareVersions(a: Version, b: Version): number {
  for (let index = 0; index < 3; index++) {
    const difference = a.numbers[index]! - b.numbers[index]!;
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  if (a.preRelease === b.preRelease) return 0;
  // Of two equal versions the one without a pre-release is the later.
  if (a.preRelease === '' || b.preRelease === '') return a.preRelease === '' ? 1 : -1;
  const partsA = a.preRelease.split('.');
  const partsB = b.preRelease.split('.');
  for (let index = 0; index < Math.min(partsA.length, partsB.length); index++) {
    const order = compareIdentifiers(partsA[index]!, partsB[index]!);
    if (order !== 0) return Math.sign(order);
  }
  return Math.sign(partsA.length - partsB.length);
}

function compare(_context: BuiltinContext, a: string, b: string): BuiltinOutcome {
  const first = parse(a);
  if (first === undefined) return fault(`operand 1: string ${JSON.stringify(a)} is not a valid SemVer`);
  const second = parse(b);
  if (second === undefined) return fault(`operand 2: string ${JSON.stringify(b)} is not a valid SemVer`);
  return compareVersions(first, second);
}

/** Semantic versions. Source: OPA's `topdown/semver.go`. */
export const SEMVER: Family = {
  'semver.compare': compare,
  'semver.is_valid': (_context, text: Value) => typeof text === 'string' && parse(text) !== undefined,
};
