import { type LedgerEntry, readEntry } from '@writ/ledger';
import { loadPolicies, type PolicySet, type Replayed, renderLoadFailure, replayDecision } from '@writ/pdp';
import type { StoreReader } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { recordReader } from '../compose/record-reader.ts';
import { type ServiceOverrides, serviceFromConfig } from '../compose/service-from-config.ts';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { timeBound } from './time-bound.ts';

interface ReplayOptions extends Pick<ServiceOverrides, 'bundle' | 'data'> {
  readonly config?: string;
  readonly from?: string;
  readonly to?: string;
  readonly show: string;
}

/** One recorded decision that would be another one now. */
interface ChangedDecision {
  readonly index: number;
  readonly decision_id: string;
  readonly time: string;
  readonly tool?: string;
  readonly before: { readonly outcome: string; readonly codes: readonly string[] };
  readonly after: { readonly outcome: string; readonly codes: readonly string[] };
}

/** What came out, by number; `why` says what the record does not hold, with how many decisions it concerns. */
interface ReplayReport {
  decisions: number;
  same: number;
  changed: number;
  unknown: number;
  readonly why: Record<string, number>;
  readonly changes: ChangedDecision[];
}

/** `writ replay`: recorded decisions, asked again under the policies here. */
export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Ask the policies here about decisions on record, and say which would be others now')
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option(
      '--bundle <dir>',
      "policies, instead of the configuration's; may be repeated",
      (dir: string, before?: string[]) => [...(before ?? []), dir],
    )
    .option('--data <dir>', "data directory, or a copy of one (default: the configuration's, else .writ)")
    .option('--from <time>', 'from this day in UTC or instant on')
    .option('--to <time>', 'until this instant, or the end of this day')
    .option('--show <number>', 'changed decisions to show', '20')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ replay --from 2026-03-07\n  npx writ replay --bundle policy-next --data copy-of-writ --format json\n\nNothing is decided or recorded. Policies are told what they were told then: the state that was gathered, the time, and\nwhat builtins drew.\nStatus 0: every decision that can be replayed is the same. Status 1: some would be others.',
    );
  return withAction(command, async ({ output }: CommandContext, options: ReplayOptions) => {
    if (!/^\d{1,6}$/.test(options.show))
      throw new CommandError(EXIT.usage, `--show must be a number, not \`${options.show}\``);
    const bound = (side: 'from' | 'to') => {
      const text = options[side];
      return text === undefined ? undefined : timeBound(text, side);
    };
    const period = { from: bound('from'), to: bound('to') };
    const started = performance.now();
    const report = await withPolicies(options, async (set) => {
      const reader = await recordReader(options);
      try {
        return await replayAll(reader, set, period, Number(options.show));
      } finally {
        reader.close();
      }
    });
    const seconds = (performance.now() - started) / 1_000;
    output.json({ ...report, seconds });
    show(output, report, seconds);
    return report.changed === 0 ? EXIT.ok : EXIT.no;
  });
}

async function withPolicies<Result>(
  options: ReplayOptions,
  use: (set: PolicySet) => Promise<Result>,
): Promise<Result> {
  const { bundles, engine } = serviceFromConfig(readConfig(options.config), options);
  try {
    const loaded = await loadPolicies(bundles, engine);
    if (!loaded.ok)
      throw new CommandError(EXIT.badInput, `the policies do not activate\n${renderLoadFailure(loaded)}`);
    try {
      return await use(loaded.set);
    } finally {
      await loaded.set.policies.close();
    }
  } finally {
    await engine.close();
  }
}

async function replayAll(
  reader: StoreReader,
  set: PolicySet,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
  show: number,
): Promise<ReplayReport> {
  const report: ReplayReport = { decisions: 0, same: 0, changed: 0, unknown: 0, why: {}, changes: [] };
  for (const stored of reader.entries(0, reader.logSize())) {
    const read = readEntry(stored);
    if (!read.ok) {
      unknown(report, read.message);
      continue;
    }
    const entry = read.value;
    if (from !== undefined && entry.time < from) continue;
    if (to !== undefined && entry.time >= to) continue;
    count(report, entry, await replayDecision(entry, set), show);
  }
  return report;
}

function unknown(report: ReplayReport, why: string): void {
  report.decisions += 1;
  report.unknown += 1;
  report.why[why] = (report.why[why] ?? 0) + 1;
}

function count(report: ReplayReport, entry: LedgerEntry, replayed: Replayed, show: number): void {
  if (replayed.kind === 'not_asked') return;
  if (replayed.kind === 'unknown') {
    unknown(report, replayed.why);
    return;
  }
  report.decisions += 1;
  if (replayed.kind === 'same') {
    report.same += 1;
    return;
  }
  report.changed += 1;
  if (report.changes.length >= show) return;
  const { tool } = entry.fields;
  report.changes.push({
    index: entry.index,
    decision_id: entry.core.decision_id ?? '',
    time: entry.time,
    ...(typeof tool === 'string' ? { tool } : {}),
    before: replayed.before,
    after: replayed.after,
  });
}

function show(output: Output, report: ReplayReport, seconds: number): void {
  for (const { index, decision_id, time, tool, before, after } of report.changes) {
    const was = `${before.outcome} (${before.codes.join(', ')})`;
    const is = `${after.outcome} (${after.codes.join(', ')})`;
    output.line(
      `${output.style('dim', String(index).padStart(6))}  ${time} ${decision_id} ${tool ?? ''}: ${was} → ${is}`,
    );
  }
  if (report.changed > report.changes.length)
    output.line(`… and ${report.changed - report.changes.length} more`);
  for (const [why, number] of Object.entries(report.why)) output.line(`${number} not replayed: ${why}`);
  output.line(
    `${report.decisions} decisions: ${report.same} the same, ${report.changed} changed, ${report.unknown} not replayed (${seconds.toFixed(1)} s)`,
  );
}
