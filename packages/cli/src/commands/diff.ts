import { compareBundles, type Entrypoint, parseEntrypoint, renderProblem } from '@writ/bundle';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { brokenTests } from '../diff/broken-tests.ts';
import { compareOutcomes } from '../diff/compare-outcomes.ts';
import { readSamples } from '../diff/read-samples.ts';
import { readSide, type Side } from '../diff/read-side.ts';
import { type DiffReport, differs, markdownReport, showReport } from '../diff/report.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface DiffFlags {
  readonly requests?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly exitCode?: boolean;
  readonly dataLines: string;
}

/** `writ diff BEFORE AFTER`: what a change of policies changes, in words. */
export function diffCommand(): Command {
  const command = new Command('diff')
    .description('Say in words how two bundles differ: rules, data, entrypoints, and which outcomes change')
    .argument('<before>', 'folder, archive, or git:REVISION[:PATH]')
    .argument('<after>', 'folder, archive, or git:REVISION[:PATH]')
    .option(
      '-r, --requests <path>',
      'sample requests to decide by both: a folder, *.json or *.ndjson; may be repeated',
      repeated,
    )
    .option(
      '-e, --entrypoint <path>',
      'what to ask, where the bundles do not say it; may be repeated',
      repeated,
    )
    .option('--exit-code', 'status 1 where anything that decides differs, as git diff has it')
    .option('--data-lines <n>', 'changes of data to list; the rest is counted', '10')
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ diff old.tar.gz policy\n  npx writ diff git:main policy --requests requests --format markdown\n\nLayout, comments and the order of rules are no change. Signatures are not checked here: writ inspect does that.\nStatus 0 unless --exit-code is given.',
    );
  const formats = {
    flag: '--format <format>',
    choices: ['pretty', 'json', 'markdown'],
    initial: 'pretty',
    about: 'pretty for people, json for programs, markdown for a pull request',
  };
  return withAction(
    command,
    async ({ output, format }: CommandContext, before: string, after: string, flags: DiffFlags) => {
      if (!/^\d{1,9}$/.test(flags.dataLines))
        throw new CommandError(EXIT.usage, `--data-lines must be a whole number, not \`${flags.dataLines}\``);
      const linesMax = Number(flags.dataLines);
      const report = await compare(before, after, flags);
      output.json({ ...report, differs: differs(report) });
      if (format === 'markdown') process.stdout.write(markdownReport(report, linesMax));
      else if (format === 'pretty') showReport(output, report, linesMax);
      return flags.exitCode === true && differs(report) ? EXIT.no : EXIT.ok;
    },
    formats,
  );
}

function repeated(value: string, before?: string[]): string[] {
  return [...(before ?? []), value];
}

async function compare(before: string, after: string, flags: DiffFlags): Promise<DiffReport> {
  const samples = readSamples(flags.requests ?? []);
  const entrypoints = (flags.entrypoint ?? []).map(readEntrypoint);
  const [old, now] = [await readSide(before, after, entrypoints), await readSide(after, before, entrypoints)];
  const outcomes =
    flags.requests === undefined
      ? {}
      : { outcomes: await compareOutcomes(old.bundles, now.bundles, samples) };
  return { before, after, bundles: bundlesOf(old, now), ...outcomes };
}

function bundlesOf(old: Side, now: Side): DiffReport['bundles'] {
  const isPair = old.bundles.length === 1 && now.bundles.length === 1;
  return compareBundles(old.bundles, now.bundles).map((comparison) => {
    const { name, change } = comparison;
    const left = isPair ? old.bundles[0] : old.bundles.find((bundle) => bundle.name === name);
    const right = isPair ? now.bundles[0] : now.bundles.find((bundle) => bundle.name === name);
    if (change !== 'changed' || left === undefined || right === undefined) return comparison;
    return { ...comparison, brokenTests: brokenTests(left, right) };
  });
}

function readEntrypoint(text: string): Entrypoint {
  const read = parseEntrypoint(text);
  if (!read.ok) throw new CommandError(EXIT.usage, renderProblem(read.problem));
  return read.entrypoint;
}
