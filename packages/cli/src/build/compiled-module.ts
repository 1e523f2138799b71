import type { Bundle } from '@writ/bundle';
import { compilePolicy, type JsonObject, renderDiagnostic } from '@writ/rego';
import { CommandError, EXIT } from '../exit-status.ts';

/**
 * Policies as the text of one JavaScript module that needs no compiler.
 *
 * @throws CommandError with status 1 where they do not compile.
 */
export function compiledModule(bundles: readonly Bundle[], runtime?: string): string {
  const modules = bundles.flatMap((bundle) => bundle.modules);
  const sources = modules.map(({ file, text, version }) => ({ file, text, version }));
  const data = Object.assign(Object.create(null), ...bundles.map((bundle) => bundle.data)) as JsonObject;
  const { policy, diagnostics } = compilePolicy(sources, { data });
  if (policy === undefined) {
    const texts = new Map(modules.map(({ file, text }) => [file, text]));
    const shown = diagnostics.map((one) => renderDiagnostic(one, texts.get(one.location.file) ?? ''));
    throw new CommandError(EXIT.no, shown.join('\n'));
  }
  const { text, diagnostics: faults } = policy.writeModule(runtime === undefined ? {} : { runtime });
  if (text === undefined)
    throw new CommandError(EXIT.no, faults.map((one) => renderDiagnostic(one, '')).join('\n'));
  return text;
}
