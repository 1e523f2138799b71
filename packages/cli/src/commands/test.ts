import { type TestReport, type TestResult, toJson } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { type BundleTestOptions, testBundle } from '../test-bundle.ts';

interface TestCommandOptions extends BundleTestOptions {
  readonly verbose?: boolean;
}

/** `writ test PATH…`: the tests of policies, as `opa test` runs them. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('Run the tests of policies: rules `test_…` in *_test.rego')
    .argument('<path...>', 'folders or archives of bundles, or a folder that holds some')
    .option('--run <regex>', 'only tests whose path it matches')
    .option('--coverage', 'say which lines no test reached')
    .option('--threshold <percent>', 'fail under this coverage')
    .option('-v, --verbose', 'list every test')
    .addHelpText('after', '\nExample:\n  npx writ test examples/tutorial --coverage');
  return withAction(
    command,
    async ({ output }: CommandContext, paths: string[], options: TestCommandOptions) => {
      const bundles = await readBundles(paths);
      const runs = bundles.map((bundle) => ({ bundle: bundle.name, report: testBundle(bundle, options) }));
      output.json({ bundles: runs });
      for (const { bundle, report } of runs) showReport(output, bundle, report, options);
      const sum = (pick: (report: TestReport) => number): number =>
        runs.reduce((total, { report }) => total + pick(report), 0);
      const ran = sum(({ results }) => results.length);
      if (ran === 0)
        throw new CommandError(
          EXIT.badInput,
          'there are no tests',
          'name rules `test_…` in files that end in _test.rego',
        );
      const failed = sum(({ failed: count, errors }) => count + errors);
      const thin = runs.filter(({ report }) => isThin(report, options.threshold));
      for (const { bundle } of thin) output.line(`${bundle}: coverage is under ${options.threshold} %`);
      output.line(
        `${sum(({ passed }) => passed)} passed, ${failed} failed, ${sum(({ skipped }) => skipped)} skipped`,
      );
      return failed > 0 || thin.length > 0 ? EXIT.no : EXIT.ok;
    },
  );
}

function isThin(report: TestReport, threshold: string | undefined): boolean {
  if (threshold === undefined) return false;
  if (!/^\d+(\.\d+)?$/.test(threshold))
    throw new CommandError(EXIT.usage, `--threshold must be a number, not \`${threshold}\``);
  return (report.coverage?.percent ?? 0) < Number(threshold);
}

function showReport(output: Output, bundle: string, report: TestReport, options: TestCommandOptions): void {
  for (const result of report.results) {
    if (options.verbose === true || result.outcome !== 'pass') showResult(output, result);
  }
  if (report.coverage === undefined) return;
  output.line(`${bundle}: ${report.coverage.percent.toFixed(1)} % of lines covered`);
  for (const { file, missed } of report.coverage.files) {
    if (missed.length > 0) output.line(`  ${file}: not reached: ${missed.join(', ')}`);
  }
}

const STYLES = { pass: 'green', fail: 'red', error: 'red', skipped: 'yellow' } as const;

function showResult(output: Output, result: TestResult): void {
  output.line(
    `${output.style(STYLES[result.outcome], result.outcome.padEnd(7))} ${result.path}  ${result.file}:${result.row}`,
  );
  if (result.message !== undefined) output.line(`        ${result.message}`);
  for (const name of result.failedCases ?? []) output.line(`        case ${name}`);
  if (result.failedAt !== undefined) {
    const { location, text, variables } = result.failedAt;
    output.line(`        stopped at ${location.file}:${location.row}: ${text}`);
    for (const [name, value] of Object.entries(variables))
      output.line(`          ${name} = ${toJson(value)}`);
  }
  for (const line of result.printed) output.line(`        print: ${line}`);
}
