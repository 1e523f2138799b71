import { existsSync, statSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { lineDiff } from '@writ/bundle';
import { type Diagnostic, formatModule, parseModule, renderDiagnostic } from '@writ/rego';
import { Command, Option } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from '../load/files-below.ts';
import type { Output } from '../output/output.ts';
import { characterDiff } from '../present/character-diff.ts';

interface FmtOptions {
  readonly write?: boolean;
  readonly list?: boolean;
  readonly diff?: boolean;
  readonly fail?: boolean;
  readonly v0V1?: boolean;
  readonly regoV1?: boolean;
  readonly regoV2?: boolean;
  readonly v0Compatible?: boolean;
  readonly v1Compatible?: boolean;
  /** A text where it is spelt as OPA spells it. */
  readonly checkResult?: boolean | string;
  readonly dropV0Imports?: boolean;
}

/** `writ fmt [PATH…]`: Rego files as `opa fmt` writes them. */
export function fmtCommand(): Command {
  const command = new Command('fmt')
    .description('Format Rego files as `opa fmt` does, or migrate them to a newer version of the language')
    .argument('[path...]', 'files or folders; standard input where there are none')
    .option('-w, --write', 'write the files instead of printing them')
    .option('-l, --list', 'list the files that would change')
    .option('-d, --diff', 'show what would change, in colours; line by line where NO_COLOR is set')
    .option('--fail', 'status 1 where a file would change')
    .option('--v0-v1', 'from Rego v0 to what is both v0 and v1')
    .option('--rego-v1', 'as --v0-v1')
    .option('--rego-v2', 'to what the source version and v2 both read')
    .option('--v0-compatible', 'read and write Rego v0')
    .option('--v1-compatible', 'read Rego v1')
    .option('--drop-v0-imports', 'leave out `rego.v1` and `future.keywords` where they are needless')
    .option('--no-check-result', 'do not parse what was formatted')
    .addOption(new Option('--check-result [yes]', 'as OPA spells it: --check-result=false').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  npx writ fmt --write policy\n  npx writ fmt --v0-v1 --diff old-policy\n  npx writ fmt --list --fail policy',
    );
  return withAction(command, ({ output }: CommandContext, paths: string[], options: FmtOptions) => {
    if (paths.length === 0) {
      process.stdout.write(formatted('stdin', readText('-'), options));
      return EXIT.ok;
    }
    const changed: string[] = [];
    for (const file of paths.flatMap(regoFiles)) {
      if (formatFile(output, file, options)) changed.push(file);
    }
    output.json({ changed });
    return options.fail === true && changed.length > 0 ? EXIT.no : EXIT.ok;
  });
}

function regoFiles(path: string): readonly string[] {
  if (!existsSync(path)) throw new CommandError(EXIT.badInput, `there is no ${path}`);
  if (!statSync(path).isDirectory()) return extname(path) === '.rego' ? [path] : [];
  return filesBelow(path, []).filter((file) => extname(file) === '.rego');
}

/** Formats one file and does what was asked; true where it would change. */
function formatFile(output: Output, file: string, options: FmtOptions): boolean {
  const before = readText(file);
  const after = formatted(file, before, options);
  const changed = before !== after;
  if (options.list === true) {
    if (changed) output.line(file);
  } else if (options.diff === true) {
    if (changed) showDiff(output, file, before, after);
  } else if (options.write === true) {
    if (changed) writeFileSync(file, after);
  } else if (output.format === 'pretty' && options.fail !== true) {
    process.stdout.write(after);
  }
  return changed;
}

/** Characters in colours as OPA shows them; lines with signs where there are to be no colours. */
function showDiff(output: Output, file: string, before: string, after: string): void {
  if ((process.env['NO_COLOR'] ?? '') === '') {
    output.line(characterDiff(before, after));
    return;
  }
  output.line(file);
  for (const { sign, row, text } of lineDiff(before, after)) {
    output.line(`${sign}${String(row).padStart(5)} ${text}`);
  }
}

function formatted(file: string, text: string, options: FmtOptions): string {
  const version = sourceVersion(options);
  const target = targetOf(options, version);
  const { text: result, diagnostics } = formatModule(text, {
    file,
    version,
    target,
    dropNeedlessImports: options.dropV0Imports ?? false,
  });
  if (result === undefined) throw new CommandError(EXIT.badInput, rendered(diagnostics, text));
  if (options.checkResult !== false && options.checkResult !== 'false') checkResult(file, result, target.min);
  return result;
}

/** `--v0-v1` reads v0 unless `--v1-compatible` says that the source is v1. */
function sourceVersion({ v0Compatible, v1Compatible, v0V1, regoV1 }: FmtOptions): 0 | 1 {
  if (v0Compatible === true) return 0;
  if (v1Compatible === true) return 1;
  return v0V1 === true || regoV1 === true ? 0 : 1;
}

function targetOf(options: FmtOptions, version: 0 | 1): { readonly min: 0 | 1; readonly max: 0 | 1 | 2 } {
  if (options.v0V1 === true || options.regoV1 === true) return { min: 0, max: 1 };
  return { min: version, max: options.regoV2 === true ? 2 : version };
}

function checkResult(file: string, text: string, version: 0 | 1): void {
  const { module, diagnostics } = parseModule(text, { file, version });
  if (module !== undefined) return;
  throw new CommandError(
    EXIT.badInput,
    `${file} was formatted, but the result does not parse:\n${rendered(diagnostics, text)}`,
    '--no-check-result prints it all the same',
  );
}

function rendered(diagnostics: readonly Diagnostic[], text: string): string {
  return diagnostics.map((each) => renderDiagnostic(each, text)).join('\n\n');
}
