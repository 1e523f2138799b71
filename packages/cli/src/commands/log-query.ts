import {
  CursorFault,
  LOG_FILTERS,
  type LogFilter,
  LogIndex,
  type LogPage,
  ROLLUP_SECONDS,
  type Rollup,
  type RollupSpan,
  rebuildIndex,
  renderEntry,
} from '@writ/ledger';
import { StoreError } from '@writ/store';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { indexedRecord } from '../compose/record-reader.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { type Output, table } from '../output/output.ts';
import { timeBound } from './time-bound.ts';

interface DataOptions {
  readonly config?: string;
  readonly data?: string;
}
type QueryOptions = DataOptions &
  Partial<Record<string, string>> & { readonly count: string; readonly cursor?: string };

const ABOUT: Readonly<Record<(typeof LOG_FILTERS)[number], string>> = {
  kind: 'kind of entry: decision, result, approval, …',
  outcome: 'allow, sanitize, escalate, step_up or deny',
  decision_id: 'everything about this decision',
  approval_id: 'everything about this approval',
  tenant: 'of this tenant',
  principal: 'on behalf of this principal',
  actor: 'of this agent',
  session: 'in this session, as the record names it',
  tool: 'of this tool',
  server: 'of this server',
  resource: 'naming this resource',
  reason: "with this reason's code",
  rule: 'to which this rule spoke',
  bundle: 'decided by this revision of a bundle, or its digest',
  data_class: 'with data of this class',
  spiffe: 'whose agent or a delegator has such a SPIFFE id; * is part of a segment, ** anything',
  from: 'from this day in UTC or instant on',
  to: 'until this instant, or the end of this day',
  text: 'holding this text anywhere',
};

function dataOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration (default: writ.yaml in this folder)')
    .option('--data <dir>', "data directory (default: the configuration's, else .writ)");
}

/** `writ log query`: entries by what they hold, the newest first. */
export function queryCommand(): Command {
  const command = dataOptions(new Command('query'))
    .description('Find entries by what they hold, the newest first')
    .option('-n, --count <number>', 'how many', '20')
    .option('--cursor <cursor>', 'go on where an earlier answer ended');
  for (const name of LOG_FILTERS) command.option(`--${flagOf(name)} <value>`, ABOUT[name]);
  command.addHelpText(
    'after',
    '\nExamples:\n  npx writ log query --outcome deny --from 2026-03-14\n  npx writ log query --spiffe "spiffe://acme/agent/*" --text invoice',
  );
  return withAction(command, async ({ output }: CommandContext, options: QueryOptions) => {
    const filter = filterOf(options);
    const limit = countOf(options.count);
    const page = await withIndex(options, (index) => {
      index.catchUp();
      return index.query(filter, {
        limit,
        ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
      });
    });
    showPage(output, page);
    return EXIT.ok;
  });
}

function showPage(output: Output, page: LogPage): void {
  output.json(page);
  for (const entry of page.entries)
    output.line(`${output.style('dim', String(entry.index).padStart(6))}  ${renderEntry(entry)}`);
  if (page.cursor !== undefined) output.line(`more: --cursor ${page.cursor}`);
}

/** `writ log stats`: denial rate, reasons and latency over time. */
export function statsCommand(): Command {
  const command = dataOptions(new Command('stats'))
    .description('Decisions over time: how many, denied, for which reasons, how fast')
    .requiredOption('--from <time>', 'a day in UTC or an RFC 3339 instant')
    .requiredOption('--to <time>', 'the same; a day means its end')
    .option('--per <span>', 'minute or hour', 'hour')
    .addHelpText('after', '\nExample:\n  npx writ log stats --from 2026-03-14 --to 2026-03-14 --per hour');
  return withAction(
    command,
    async ({ output }: CommandContext, options: DataOptions & { from: string; to: string; per: string }) => {
      if (!Object.hasOwn(ROLLUP_SECONDS, options.per))
        throw new CommandError(EXIT.usage, `--per must be minute or hour, not \`${options.per}\``);
      const rollups = await withIndex(options, (index) => {
        index.catchUp();
        return index.rollups(
          options.per as RollupSpan,
          timeBound(options.from, 'from'),
          timeBound(options.to, 'to'),
        );
      });
      output.json({ rollups });
      const rows = rollups.map(rowOf);
      for (const line of table([['start', 'decisions', 'denied', 'p50', 'p95', 'p99', 'reasons'], ...rows]))
        output.line(line);
      return EXIT.ok;
    },
  );
}

function rowOf({ start, decisions, denial_rate, reasons, latency_ns }: Rollup): string[] {
  const most = Object.entries(reasons).toSorted(([, left], [, right]) => right - left);
  const ms = (ns: number | undefined): string => (ns === undefined ? '-' : `${(ns / 1e6).toFixed(1)} ms`);
  return [
    start,
    String(decisions),
    `${(denial_rate * 100).toFixed(1)} %`,
    ms(latency_ns?.p50),
    ms(latency_ns?.p95),
    ms(latency_ns?.p99),
    most
      .slice(0, 5)
      .map(([code, number]) => `${code} ${number}`)
      .join(', '),
  ];
}

/** `writ log reindex`: makes the index anew from the log. */
export function reindexCommand(): Command {
  const command = dataOptions(new Command('reindex'))
    .description('Make the index for queries anew from the record')
    .addHelpText(
      'after',
      '\nExample:\n  npx writ log reindex\n\nStop the service first: it keeps the index too.',
    );
  return withAction(command, async ({ output }: CommandContext, options: DataOptions) => {
    const started = performance.now();
    let last = 0;
    const directory = await indexedRecord(options);
    const taken = guarded(() =>
      rebuildIndex(directory, (done, of) => {
        if (done - last < 50_000 && done < of) return;
        last = done;
        output.note(`${done} of ${of} entries`);
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    output.json({ entries: taken, seconds });
    output.line(`Indexed ${taken} entries in ${seconds.toFixed(1)} s.`);
    return EXIT.ok;
  });
}

function filterOf(options: QueryOptions): LogFilter {
  const filter: Record<string, string> = {};
  for (const name of LOG_FILTERS) {
    const value = options[camel(name)];
    if (value === undefined) continue;
    filter[name] = name === 'from' || name === 'to' ? timeBound(value, name) : value;
  }
  return filter;
}

function flagOf(name: string): string {
  return name.replaceAll('_', '-');
}

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new CommandError(EXIT.usage, `--count must be a number, not \`${text}\``);
}

async function withIndex<Result>(options: DataOptions, work: (index: LogIndex) => Result): Promise<Result> {
  const directory = await indexedRecord(options);
  return guarded(() => {
    const index = new LogIndex(directory);
    try {
      return work(index);
    } finally {
      index.close();
    }
  });
}

/** What the files or the caller did wrong, as messages; everything else is a fault of ours. */
function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof CursorFault) throw new CommandError(EXIT.usage, cause.message);
    if (cause instanceof StoreError) throw new CommandError(EXIT.badInput, cause.message);
    if (cause instanceof Error && 'errcode' in cause)
      throw new CommandError(EXIT.badInput, `the index can't be opened: ${cause.message}`);
    throw cause;
  }
}
