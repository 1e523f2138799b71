import type { BundleComparison, EntrypointChange, RuleChange, ValueChange } from '@writ/bundle';
import type { Json } from '@writ/decision';
import type { BrokenTests } from './broken-tests.ts';

/** A piece of a sentence; `code` is what stands in policies or data, and is set apart. */
export type Part = string | { readonly code: string };
export type Line = readonly Part[];

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

const code = (text: string): Part => ({ code: text });

/** How one bundle changed, in sentences, by subject. Sections without changes are left out. */
export function changeInWords(
  comparison: BundleComparison,
  tests: BrokenTests | undefined,
  dataLinesMax: number,
): Section[] {
  const { rules, data, entrypoints, manifest, annotations } = comparison;
  const sections: Section[] = [
    { title: 'Rules', lines: rules.map((change) => ruleLine('rule', change)) },
    { title: 'Entrypoints', lines: entrypoints.flatMap(entrypointLines) },
    { title: 'Data', lines: bounded(data, dataLinesMax) },
    { title: 'Manifest', lines: manifest.map(valueLine) },
    {
      title: 'Annotations',
      lines: annotations.map((change) => ruleLine('annotations of rule', change)),
    },
    { title: 'Tests', lines: [...testLines(comparison.tests), ...brokenLines(tests)] },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

/** `rule data.agent.tools.allow changed (policy.rego:12): was 5, is 10` */
function ruleLine(what: string, { change, rule, file, row, detail }: RuleChange): Line {
  const place = code(`${file}:${row}`);
  const more = detail === undefined ? [] : [`: ${detail}`];
  return [`${what} `, code(rule), ` ${change} (`, place, ')', ...more];
}

function entrypointLines({ change, path, kind, fields }: EntrypointChange): Line[] {
  const head: Part[] = ['entrypoint ', code(path), ` (${kind})`];
  if (change !== 'changed') return [[...head, ` ${change}`]];
  return fields.map((field) => [...head, ': ', ...valueLine(field)]);
}

function valueLine({ change, path, before, after }: ValueChange): Line {
  const named = code(path);
  if (change === 'added') return [named, ' added: ', code(short(after))];
  if (change === 'removed') return [named, ' removed: ', code(short(before))];
  return [named, ' changed from ', code(short(before)), ' to ', code(short(after))];
}

/** The first changes one by one, and the rest counted. */
function bounded(changes: readonly ValueChange[], linesMax: number): Line[] {
  const rest = changes.slice(linesMax);
  if (rest.length === 0) return changes.map(valueLine);
  const counts = (['added', 'removed', 'changed'] as const)
    .map((kind) => [kind, rest.filter(({ change }) => change === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  return [...changes.slice(0, linesMax).map(valueLine), [`and ${rest.length} more: ${counts.join(', ')}`]];
}

function testLines(tests: readonly RuleChange[]): Line[] {
  const counts = (['added', 'removed', 'changed'] as const)
    .map((kind) => [kind, tests.filter(({ change }) => change === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  return counts.length === 0 ? [] : [[counts.join(', ')]];
}

function brokenLines(tests: BrokenTests | undefined): Line[] {
  if (tests?.failure !== undefined) return [['the tests from before do not compile with what is there now']];
  return (tests?.broken ?? []).map(({ test, file, row }) => [
    'a test from before fails now: ',
    code(test),
    ' (',
    code(`${file}:${row}`),
    ')',
  ]);
}

const VALUE_LENGTH_MAX = 80;

function short(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 1)}…` : text;
}
