import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type BuildOptions,
  type Bundle,
  buildBundle,
  buildDelta,
  readDirectory,
  renderProblem,
} from '@writ/bundle';
import { Command } from 'commander';
import { compiledModule } from '../build/compiled-module.ts';
import { policyCoverage } from '../build/policy-coverage.ts';
import { type CommandContext, withAction } from '../command.ts';
import { bundleName } from '../compose/find-bundles.ts';
import { readRelease } from '../compose/read-release.ts';
import { type SigningFlags, signingFromFlags, withSigningFlags } from '../compose/signing-flags.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { testBundle } from '../test-bundle.ts';

interface BuildFlags extends SigningFlags {
  readonly output: string;
  readonly revision?: string;
  readonly sequence?: string;
  readonly rollbackTo?: string;
  readonly release?: string;
  readonly requireTests?: boolean;
  readonly coverage?: string;
  readonly includeTests?: boolean;
  readonly deltaFrom?: string;
  readonly target: string;
}

/** `writ build DIR`: a bundle that compiles, passes its tests and says what it is. */
export function buildCommand(): Command {
  const command = new Command('build')
    .description('Pack a folder as a bundle: checked, compiled, tested, and signed where a key is given')
    .argument('<dir>', 'folder of the bundle')
    .option('-o, --output <file>', 'where to write it', 'bundle.tar.gz')
    .option('--revision <text>', 'what the bundle is called (default: the git commit, else its own digest)')
    .option('--sequence <n>', 'number that grows with each publication: an older one is then refused')
    .option('--rollback-to <revision>', 'says that this is the content of that revision once more')
    .option('--release <file>', 'what shares a version with it: {name, version, agents, tools}, YAML or JSON')
    .option('--require-tests', 'refuse a bundle without tests')
    .option('--coverage <percent>', 'refuse a bundle whose tests reach less of the lines of its policy')
    .option('--include-tests', 'pack *_test.rego too')
    .option(
      '-t, --target <target>',
      'rego; mjs: also packs policy.mjs, the policy as a module for programs that decide by themselves',
      'rego',
    )
    .option(
      '--delta-from <archive>',
      'write only what changed in the data since that archive: a delta bundle',
    );
  withSigningFlags(command).addHelpText(
    'after',
    '\nExamples:\n  npx writ build examples/tutorial/bundle -o tutorial.tar.gz --require-tests\n  npx writ build policy --coverage 80 --signing-key private.pem --signing-key-id k1\n\nThe same folder and options give the same bytes. Tests that are there always run.',
  );
  return withAction(command, async ({ output }: CommandContext, dir: string, flags: BuildFlags) => {
    const folder = resolve(dir);
    const name = bundleName(folder);
    const read = await readDirectory(folder, { name, skipVerify: true });
    if (!read.ok) throw new CommandError(EXIT.badInput, read.problems.map(renderProblem).join('\n'));
    const tested = runOwnTests(read.bundle, flags);
    if (flags.target !== 'rego' && flags.target !== 'mjs')
      throw new CommandError(EXIT.usage, `--target must be rego or mjs, not \`${flags.target}\``);
    const revision = flags.revision ?? gitRevision(folder);
    const signing = signingFromFlags(flags, 'RS256');
    const options: BuildOptions = {
      name,
      ...(revision === undefined ? {} : { revision }),
      ...(flags.sequence === undefined ? {} : { sequence: sequenceOf(flags.sequence) }),
      ...(flags.rollbackTo === undefined ? {} : { rollbackTo: flags.rollbackTo }),
      ...(flags.release === undefined ? {} : { release: readRelease(flags.release) }),
      ...(flags.includeTests === undefined ? {} : { includeTests: flags.includeTests }),
      ...(flags.target === 'mjs' ? { module: compiledModule([read.bundle]) } : {}),
      ...(signing === undefined ? {} : { signing }),
    };
    const built =
      flags.deltaFrom === undefined
        ? await buildBundle(folder, options)
        : await buildDelta(folder, readArchive(flags.deltaFrom), options);
    if (!built.ok) throw new CommandError(EXIT.badInput, built.problems.map(renderProblem).join('\n'));
    writeFileSync(flags.output, built.archive);
    show(output, built.bundle, {
      ...tested,
      file: flags.output,
      sizeBytes: built.archive.length,
      signed: signing !== undefined,
      delta: flags.deltaFrom !== undefined,
    });
    return EXIT.ok;
  });
}

function readArchive(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CommandError(EXIT.badInput, `--delta-from: ${file} can't be read: ${why}`);
  }
}

function sequenceOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandError(
    EXIT.usage,
    `--sequence must be a whole number, not \`${text}\``,
    'such as the number of commits: $(git rev-list --count HEAD)',
  );
}

interface Tested {
  readonly tests: number;
  readonly coveragePercent: number | undefined;
}

const MISSED_MAX = 20;

/** Compiles the bundle and runs its tests; one that does not hold what was asked for is not built. */
function runOwnTests(bundle: Bundle, flags: BuildFlags): Tested {
  const threshold = flags.coverage;
  if (threshold !== undefined && !/^\d+(\.\d+)?$/.test(threshold))
    throw new CommandError(EXIT.usage, `--coverage must be a number, not \`${threshold}\``);
  const report = testBundle(bundle, threshold === undefined ? {} : { coverage: true });
  const tests = report.results.length;
  if (flags.requireTests === true && tests === 0)
    throw new CommandError(
      EXIT.no,
      'the bundle has no tests',
      'name rules `test_…` in files that end in _test.rego',
    );
  const failed = report.results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  if (failed.length > 0) {
    const names = failed.map(({ path, file, row }) => `  ${path}  ${file}:${row}`).join('\n');
    throw new CommandError(
      EXIT.no,
      `${failed.length} of its tests fail, so it is not built:\n${names}`,
      `see why: writ test ${bundle.name}`,
    );
  }
  if (threshold === undefined || report.coverage === undefined) return { tests, coveragePercent: undefined };
  const { percent, missed } = policyCoverage(bundle, report.coverage);
  if (percent < Number(threshold))
    throw new CommandError(
      EXIT.no,
      [
        `its tests reach ${percent.toFixed(1)} % of its lines, and ${threshold} % are asked for; not reached:`,
        ...missed.slice(0, MISSED_MAX).map(({ rule, file, row, rows }) => {
          const lines = rows.length === 1 ? `line ${rows[0]}` : `lines ${rows.join(', ')}`;
          return `  ${rule}  ${file}:${row}: ${lines}`;
        }),
        ...(missed.length > MISSED_MAX ? [`  and ${missed.length - MISSED_MAX} more`] : []),
      ].join('\n'),
      'see all of them: writ test --coverage',
    );
  return { tests, coveragePercent: percent };
}

/** The commit of the folder's repository; with a mark where the folder holds what no commit has. */
function gitRevision(folder: string): string | undefined {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', folder, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const commit = git('rev-parse', 'HEAD');
    return git('status', '--porcelain', '--', '.') === '' ? commit : `${commit}-dirty`;
  } catch {
    return undefined;
  }
}

interface Built extends Tested {
  readonly file: string;
  readonly sizeBytes: number;
  readonly signed: boolean;
  /** It holds only what changed in the data. */
  readonly delta: boolean;
}

function show(output: Output, bundle: Bundle, built: Built): void {
  const { revision, digest, roots, entrypoints } = bundle;
  output.json({ ...built, name: bundle.name, revision, digest, roots, entrypoints });
  const tests =
    built.coveragePercent === undefined ? '' : `, ${built.coveragePercent.toFixed(1)} % of lines reached`;
  output.line(
    `${built.file}  ${built.sizeBytes} bytes${built.signed ? ', signed' : ''}${built.delta ? ', a delta: what it makes is' : ''}`,
  );
  output.line(`  revision     ${revision}`);
  output.line(`  digest       ${digest}`);
  output.line(`  roots        ${roots.map((root) => (root === '' ? '(everything)' : root)).join(', ')}`);
  output.line(
    `  entrypoints  ${entrypoints.map(({ path, kind }) => `${path} (${kind})`).join(', ') || 'none'}`,
  );
  output.line(`  tests        ${built.tests} passed${tests}`);
}
