import { statSync, writeFileSync } from 'node:fs';
import { type Bundle, renderProblem } from '@writ/bundle';
import { type Diagnostic, renderDiagnostic } from '@writ/rego';
import { Command, Option } from 'commander';
import { applyFixes } from '../check/apply-fixes.ts';
import { contradictions } from '../check/bundles-beside.ts';
import {
  type CheckedBundle,
  type CheckOptions,
  checkBundle,
  checkFiles,
  moduleFile,
} from '../check/check-bundle.ts';
import { engineProblems, isOtherLanguage } from '../check/engine-problems.ts';
import { limited, opaError } from '../check/error-json.ts';
import { lineDifference } from '../check/line-difference.ts';
import { readCapabilitiesFile, readSchemas } from '../check/read-options.ts';
import { silentBundles } from '../check/silent-bundles.ts';
import { type CommandContext, withAction } from '../command.ts';
import { findBundlePaths, readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from '../load/files-below.ts';
import type { Output } from '../output/output.ts';

interface Options {
  readonly strict?: true;
  readonly schema?: string;
  readonly capabilities?: string;
  readonly maxErrors: string;
  readonly ignore: string[];
  readonly v0Compatible?: true;
  readonly v0V1?: true;
  readonly fix?: true;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** `writ check PATH…`: does it compile, is the manifest right, is anything suspicious. */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Compile policies and their tests, check manifests, and warn of what cannot be meant')
    .argument('<path...>', 'folders or archives of bundles, or Rego files')
    .option('-S, --strict', 'also refuse what is unused, deprecated or hides something')
    .option('-s, --schema <path>', 'JSON Schema of the input, or a folder of schemas that annotations name')
    .option('--capabilities <file>', 'what policies may use, in the format of OPA’s capabilities.json')
    .option('-m, --max-errors <number>', 'how many errors are shown; 0 shows all', '10')
    .option(
      '--ignore <pattern>',
      'files and folders to leave out; folders are then read file by file, not as bundles; may be repeated',
      collect,
      [],
    )
    .option('--v0-compatible', 'read modules as Rego v0')
    .option('--v0-v1', 'modules must mean the same to Rego v0 and v1: each version has to take them')
    .option('--fix', 'make the mends that need no choice, and show them')
    .addOption(
      new Option('-b, --bundle', 'paths are always bundles; taken so that scripts for opa run').hideHelp(),
    )
    .addHelpText(
      'after',
      '\nRefused too: an entrypoint whose rule can, by its types, never answer as its kind does; and of bundles that stand in one\nfolder overlapping roots, a tool that two describe, and one that can never say anything on what their capability\nregistry describes.\n\nExamples:\n  npx writ check policy\n  npx writ check --strict --schema schemas policy\n  npx writ check --fix policy',
    );
  return withAction(command, async ({ output }: CommandContext, paths: string[], options: Options) => {
    const max = maxErrors(options.maxErrors);
    const checkOptions = checkOptionsOf(options);
    const checked = await readAndCheck(paths, options.ignore, checkOptions);
    const done = options.fix ? checked.map((one) => fix(one, output)) : checked;
    return report(output, done, max);
  });
}

function maxErrors(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new CommandError(EXIT.usage, `--max-errors must be a number, not \`${text}\``);
  }
  return Number(text);
}

function checkOptionsOf({ strict, schema, capabilities, v0Compatible, v0V1 }: Options): CheckOptions {
  return {
    ...(v0V1 ? { versions: [0, 1] } : v0Compatible && { versions: [0] }),
    ...(strict && { strict }),
    ...(schema !== undefined && { schemas: readSchemas(schema) }),
    ...(capabilities !== undefined && { capabilities: readCapabilitiesFile(capabilities) }),
  };
}

async function readAndCheck(
  paths: readonly string[],
  ignore: readonly string[],
  options: CheckOptions,
): Promise<CheckedBundle[]> {
  const isFile = (path: string): boolean => ignore.length > 0 || isRegoFile(path);
  const files = paths
    .filter(isFile)
    .flatMap((path) => (isRegoFile(path) ? [path] : regoFilesBelow(path, ignore)));
  const folders = paths.filter((path) => !isFile(path)).flatMap(findBundlePaths);
  const bundles = await readBundles(folders);
  const checked = await Promise.all(
    bundles.map(async (bundle, index) => {
      const one = checkBundle(bundle, folders[index]!, options);
      return { ...one, problems: [...one.problems, ...(await engineProblems(bundle))] };
    }),
  );
  return files.length === 0 ? checked : [checkFiles(files, options), ...checked];
}

function regoFilesBelow(path: string, ignore: readonly string[]): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CommandError(EXIT.badInput, `there is no folder ${path}`);
  return filesBelow(path, ignore).filter((file) => file.endsWith('.rego'));
}

function isRegoFile(path: string): boolean {
  return path.endsWith('.rego') && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Mends a bundle's files; an archive is left as it is. */
function fix(checked: CheckedBundle, output: Output): CheckedBundle {
  if (checked.path !== '' && !statSync(checked.path).isDirectory()) {
    output.note(`writ: ${checked.path} is an archive: nothing is mended in it`);
    return checked;
  }
  const { sources, diagnostics } = applyFixes(checked.sources, checked.options);
  for (const [index, { file, text }] of sources.entries()) {
    const before = checked.sources[index]!.text;
    if (text === before) continue;
    const path = moduleFile(checked, file);
    writeFileSync(path, text);
    output.line(`${lineDifference(before, text, path)}\n`);
  }
  return { ...checked, sources, diagnostics };
}

function report(output: Output, checked: readonly CheckedBundle[], max: number): number {
  const all = checked.flatMap(({ diagnostics }) => diagnostics);
  const found = limited(all, max);
  const bundles = checked.flatMap(({ bundle }) => bundle ?? []);
  const warnings = bundles.flatMap(warningsOf);
  const problems = [
    ...checked.flatMap((one) => one.problems),
    ...contradictions(checked),
    ...silentBundles(checked),
  ];
  const errors = all.filter(({ severity }) => severity === 'error').length + problems.length;
  output.json({
    ok: errors === 0,
    ...(problems.length > 0 && { problems }),
    ...(errors > 0 && { errors: found.filter(({ severity }) => severity === 'error').map(opaError) }),
    diagnostics: found,
    warnings,
  });
  const texts = new Map(checked.flatMap(({ sources }) => sources.map(({ file, text }) => [file, text])));
  for (const diagnostic of found) showDiagnostic(output, diagnostic, texts);
  for (const problem of problems) output.line(`${output.style('red', 'error')}: ${renderProblem(problem)}\n`);
  for (const warning of warnings) output.line(`${output.style('yellow', 'warning')}: ${warning}\n`);
  const modules = checked.reduce((sum, { sources }) => sum + sources.length, 0);
  output.line(
    errors === 0
      ? `${modules} modules in ${bundles.length} ${bundles.length === 1 ? 'bundle' : 'bundles'}: no errors`
      : `${errors} ${errors === 1 ? 'error' : 'errors'}`,
  );
  return errors === 0 ? EXIT.ok : EXIT.no;
}

/** What compiles and still cannot be meant. */
function warningsOf(bundle: Bundle): string[] {
  const kinds = bundle.entrypoints.map(({ kind }) => kind);
  const warnings: string[] = [];
  if (bundle.entrypoints.length === 0) {
    warnings.push(
      `bundle \`${bundle.name}\` names no entrypoint: list them in .manifest under metadata.writ.entrypoints, or annotate a rule with \`entrypoint: true\``,
    );
  } else if (isForAll(bundle) && kinds.every((kind) => kind === 'guard' || kind === 'violations')) {
    warnings.push(
      `bundle \`${bundle.name}\` only holds guards, which never allow by themselves: give it a \`grant\`, or activate the built-in \`writ/grant-all\` beside it`,
    );
  }
  if (bundle.testModules.length === 0 && !isOtherLanguage(bundle))
    warnings.push(`bundle \`${bundle.name}\` has no tests (*_test.rego)`);
  return warnings;
}

/** One that says that it is of another layer alone stands beside one that grants. */
function isForAll({ governance = {} }: Bundle): boolean {
  return governance.layer === undefined || governance.layer === 'resource';
}

function showDiagnostic(output: Output, diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): void {
  const color = output.style('red', 'x') !== 'x';
  output.line(`${renderDiagnostic(diagnostic, texts.get(diagnostic.location.file) ?? '', { color })}\n`);
}
