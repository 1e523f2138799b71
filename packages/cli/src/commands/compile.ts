import { writeFile } from 'node:fs/promises';
import { compilePolicy, renderDiagnostic } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { CommandError, EXIT } from '../exit-status.ts';

interface CompileOptions {
  readonly output?: string;
  readonly runtime?: string;
}

/** `writ compile PATH…`: policies as one JavaScript module that needs no compiler. */
export function compileCommand(): Command {
  const command = new Command('compile')
    .description(
      'Write policies as one JavaScript module, for browsers and services that decide by themselves',
    )
    .argument('<path...>', 'folders or archives of bundles')
    .option('-o, --output <file>', 'where the module goes; standard output by default')
    .option('--runtime <specifier>', 'what the module imports its runtime from', '@writ/rego/runtime')
    .addHelpText('after', '\nExample:\n  npx writ compile policy -o policy.mjs');
  return withAction(command, async ({ output }: CommandContext, paths: string[], options: CompileOptions) => {
    const bundles = await readBundles(paths);
    const modules = bundles.flatMap((bundle) => bundle.modules);
    const sources = modules.map(({ file, text, version }) => ({ file, text, version }));
    const data = Object.assign(Object.create(null), ...bundles.map((bundle) => bundle.data));
    const { policy, diagnostics } = compilePolicy(sources, { data });
    if (policy === undefined) {
      const texts = new Map(modules.map(({ file, text }) => [file, text]));
      const shown = diagnostics.map((one) => renderDiagnostic(one, texts.get(one.location.file) ?? ''));
      throw new CommandError(EXIT.no, shown.join('\n'));
    }
    const runtime = options.runtime === undefined ? {} : { runtime: options.runtime };
    const { text } = policy.writeModule(runtime);
    if (options.output === undefined) output.line(text!.trimEnd());
    else {
      await writeFile(options.output, text!);
      output.json({ module: options.output, bytes: Buffer.byteLength(text!) });
      output.line(`${options.output}: ${modules.length} modules, ${Buffer.byteLength(text!)} bytes`);
    }
    return EXIT.ok;
  });
}
