import type { BundleComparison } from '@writ/bundle';
import type { Output } from '../output/output.ts';
import { table } from '../output/output.ts';
import type { BrokenTests } from './broken-tests.ts';
import type { OutcomeChange, OutcomesComparison, Verdict } from './compare-outcomes.ts';
import { changeInWords, type Line, type Part } from './words.ts';

/** Everything that was found out about two sides. */
export interface DiffReport {
  readonly before: string;
  readonly after: string;
  readonly bundles: readonly (BundleComparison & { readonly brokenTests?: BrokenTests })[];
  /** Absent where no requests were given. */
  readonly outcomes?: OutcomesComparison;
}

/** Whether anything is decided otherwise, or could be. */
export function differs({ bundles, outcomes }: DiffReport): boolean {
  return bundles.some(({ change }) => change !== 'same') || (outcomes?.changes.length ?? 0) > 0;
}

/** For people at a terminal. */
export function showReport(output: Output, report: DiffReport, dataLinesMax: number): void {
  for (const bundle of report.bundles) {
    output.line(output.style('bold', headline(bundle)));
    const sections = changeInWords(bundle, bundle.brokenTests, dataLinesMax);
    for (const { title, lines } of sections) {
      output.line(`  ${title.toLowerCase()}`);
      for (const line of lines) output.line(`    ${line.map(plain).join('')}`);
    }
  }
  if (report.outcomes === undefined) return;
  output.line(output.style('bold', outcomeHeadline(report.outcomes)));
  const rows = report.outcomes.changes.map((change) => outcomeCells(change).map((cell) => `  ${cell}`));
  if (rows.length === 0) return;
  for (const line of table([HEADERS.map((header) => `  ${header}`), ...rows])) output.line(line);
}

function plain(part: Part): string {
  return typeof part === 'string' ? part : part.code;
}

const HEADERS = ['request', 'before', 'after', ''];

function outcomeCells({ request, about, before, after, direction }: OutcomeChange): string[] {
  return [about === undefined ? request : `${request} (${about})`, said(before), said(after), direction];
}

function said({ outcome, reasons }: Verdict): string {
  return `${outcome}: ${reasons.join(', ')}`;
}

function headline({ name, change, before, after }: BundleComparison): string {
  if (change === 'added') return `bundle ${name} is new (${after!.revision})`;
  if (change === 'removed') return `bundle ${name} is gone (${before!.revision})`;
  const revisions =
    before!.revision === after!.revision ? before!.revision : `${before!.revision} → ${after!.revision}`;
  return `bundle ${name} ${change === 'same' ? 'decides the same' : 'changed'} (${revisions})`;
}

function outcomeHeadline({ requests, changes }: OutcomesComparison): string {
  const all = `${requests} ${requests === 1 ? 'request' : 'requests'}`;
  if (changes.length === 0) return `no outcome changes (${all})`;
  const looser = changes.filter(({ direction }) => direction === 'looser').length;
  const verb = changes.length === 1 ? 'is' : 'are';
  return `${changes.length} of ${all} ${verb} decided otherwise${looser === 0 ? '' : `, ${looser} looser`}`;
}

/** For the comment on a pull request. What stands in policies and data is shown as code, never as Markdown. */
export function markdownReport(report: DiffReport, dataLinesMax: number): string {
  const blocks = report.bundles.flatMap((bundle) => [
    `### ${titleOf(headline(bundle))}`,
    ...changeInWords(bundle, bundle.brokenTests, dataLinesMax).map(
      ({ title, lines }) => `**${title}**\n\n${lines.map((line) => `- ${markdownLine(line)}`).join('\n')}`,
    ),
  ]);
  return `${[...blocks, ...outcomeBlocks(report.outcomes)].join('\n\n')}\n`;
}

function outcomeBlocks(outcomes: OutcomesComparison | undefined): string[] {
  if (outcomes === undefined) return [];
  const headlineText = `### ${titleOf(outcomeHeadline(outcomes))}`;
  if (outcomes.changes.length === 0) return [headlineText];
  const rows = outcomes.changes.map(
    (change) =>
      `| ${outcomeCells(change)
        .map((cell, index) => (index === HEADERS.length - 1 ? cell : cellCode(cell)))
        .join(' | ')} |`,
  );
  const head = `| Request | Before | After | |\n| --- | --- | --- | --- |`;
  return [headlineText, [head, ...rows].join('\n')];
}

/** In a heading only names of ours and revisions stand; anything that Markdown would read is shown as it is. */
function titleOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[\\`*_{}[\]<>#|@!~&]/g, '\\$&');
}

function markdownLine(line: Line): string {
  return line.map((part) => (typeof part === 'string' ? part : inCode(part.code))).join('');
}

/** A table ends a cell at a bar even within code. */
function cellCode(text: string): string {
  return inCode(text).replaceAll('|', '\\|');
}

/** A code span that its own text cannot end. */
function inCode(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, ' ');
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}
