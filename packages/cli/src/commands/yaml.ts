import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  buildYamlPolicy,
  explainYamlPolicy,
  readDirectory,
  renderProblem,
  type YamlBuildResult,
} from '@writ/bundle';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { testBundle } from '../test-bundle.ts';

/** `writ yaml`: policies for people who will not write Rego. */
export function yamlCommand(): Command {
  return new Command('yaml')
    .description('Policies in constrained YAML: compiled to Rego, and explained in words')
    .addCommand(buildYamlCommand())
    .addCommand(explainYamlCommand())
    .addHelpText('after', '\nExample:\n  npx writ yaml build examples/yaml/finance.yaml -o policy');
}

function buildYamlCommand(): Command {
  const command = new Command('build')
    .description(
      'Compile a policy in YAML to a bundle: policy.rego, data.json, .manifest, and tests of its examples',
    )
    .argument('<file>', 'policy in YAML; its JSON Schema is `@writ/bundle/schemas/policy.schema.json`')
    .option('-o, --output <dir>', 'folder of the bundle', 'policy')
    .addHelpText('after', '\nExample:\n  npx writ yaml build examples/yaml/finance.yaml -o policy');
  return withAction(command, async ({ output }: CommandContext, file: string, flags: { output: string }) => {
    const built = compile(file);
    mkdirSync(flags.output, { recursive: true });
    for (const { path, text } of built.files) writeFileSync(join(flags.output, path), text);
    const read = await readDirectory(flags.output, { name: basename(flags.output) });
    if (!read.ok) throw new CommandError(EXIT.badInput, read.problems.map(renderProblem).join('\n'));
    const report = testBundle(read.bundle);
    const failed = report.results.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skipped');
    const files = built.files.map(({ path }) => join(flags.output, path));
    output.json({ files, tests: report.results.length, failed: failed.map(({ path }) => path) });
    for (const path of files) output.line(path);
    output.line(`${report.results.length - failed.length} of ${report.results.length} tests pass`);
    for (const { name } of failed) output.line(`  ${name} fails: an example is not what the conditions say`);
    return failed.length === 0 ? EXIT.ok : EXIT.no;
  });
}

function explainYamlCommand(): Command {
  const command = new Command('explain')
    .description('Say in sentences what a policy in YAML means')
    .argument('<file>', 'policy in YAML')
    .addHelpText('after', '\nExample:\n  npx writ yaml explain examples/yaml/finance.yaml');
  return withAction(command, ({ output }: CommandContext, file: string) => {
    const text = explainYamlPolicy(compile(file).policy);
    output.json({ text });
    output.line(text.trimEnd());
    return EXIT.ok;
  });
}

function compile(file: string): Extract<YamlBuildResult, { ok: true }> {
  if (!existsSync(file)) throw new CommandError(EXIT.badInput, `there is no ${file}`);
  const built = buildYamlPolicy(readFileSync(file, 'utf8'), basename(file));
  if (built.ok) return built;
  throw new CommandError(EXIT.badInput, built.problems.map(renderProblem).join('\n'));
}
