import type { Bundle } from '@writ/bundle';
import { compilePolicy, type Diagnostic, renderDiagnostic } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';

/** `writ check PATH…`: does it compile, is the manifest right, is anything suspicious. */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Compile policies and their tests, check manifests, and warn of what cannot be meant')
    .argument('<path...>', 'folders or archives of bundles')
    .addHelpText('after', '\nExample:\n  npx writ check policy');
  return withAction(command, async ({ output }: CommandContext, paths: string[]) => {
    const bundles = await readBundles(paths);
    const found = bundles.flatMap((bundle) => checkBundle(bundle));
    const warnings = bundles.flatMap(warningsOf);
    const errors = found.filter(({ severity }) => severity === 'error').length;
    output.json({ ok: errors === 0, diagnostics: found, warnings });
    const texts = new Map(bundles.flatMap(modulesOf).map(({ file, text }) => [file, text]));
    for (const diagnostic of found) showDiagnostic(output, diagnostic, texts);
    for (const warning of warnings) output.line(`${output.style('yellow', 'warning')}: ${warning}\n`);
    const modules = bundles.reduce((sum, bundle) => sum + modulesOf(bundle).length, 0);
    output.line(
      errors === 0
        ? `${modules} modules in ${bundles.length} ${bundles.length === 1 ? 'bundle' : 'bundles'}: no errors`
        : `${errors} ${errors === 1 ? 'error' : 'errors'}`,
    );
    return errors === 0 ? EXIT.ok : EXIT.no;
  });
}

function modulesOf(bundle: Bundle) {
  return [...bundle.modules, ...bundle.testModules];
}

function checkBundle(bundle: Bundle): readonly Diagnostic[] {
  return compilePolicy(
    modulesOf(bundle).map(({ file, text, version }) => ({ file, text, version })),
    { data: asData(bundle) },
  ).diagnostics;
}

/** What compiles and still cannot be meant. */
function warningsOf(bundle: Bundle): string[] {
  const kinds = bundle.entrypoints.map(({ kind }) => kind);
  const warnings: string[] = [];
  if (bundle.entrypoints.length === 0) {
    warnings.push(
      `bundle \`${bundle.name}\` names no entrypoint: list them in .manifest under metadata.writ.entrypoints, or annotate a rule with \`entrypoint: true\``,
    );
  } else if (kinds.every((kind) => kind === 'guard' || kind === 'violations')) {
    warnings.push(
      `bundle \`${bundle.name}\` only holds guards, which never allow by themselves: give it a \`grant\`, or activate the built-in \`writ/grant-all\` beside it`,
    );
  }
  if (bundle.testModules.length === 0) warnings.push(`bundle \`${bundle.name}\` has no tests (*_test.rego)`);
  return warnings;
}

function asData(bundle: Bundle): NonNullable<Parameters<typeof compilePolicy>[1]>['data'] & object {
  return bundle.data as NonNullable<NonNullable<Parameters<typeof compilePolicy>[1]>['data']>;
}

function showDiagnostic(output: Output, diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): void {
  const color = output.style('red', 'x') !== 'x';
  output.line(`${renderDiagnostic(diagnostic, texts.get(diagnostic.location.file) ?? '', { color })}\n`);
}
