import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { compiledModule } from '../build/compiled-module.ts';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { EXIT } from '../exit-status.ts';

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
    const text = compiledModule(bundles, options.runtime);
    if (options.output === undefined) output.line(text.trimEnd());
    else {
      await writeFile(options.output, text);
      output.json({ module: options.output, bytes: Buffer.byteLength(text) });
      output.line(
        `${options.output}: ${bundles.flatMap((bundle) => bundle.modules).length} modules, ${Buffer.byteLength(text)} bytes`,
      );
    }
    return EXIT.ok;
  });
}
