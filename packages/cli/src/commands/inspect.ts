import { existsSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { type Module, moduleToAst, parseModule } from '@writ/rego';
import { Command } from 'commander';
import { type CommandContext, withAction } from '../command.ts';
import { readBundles } from '../compose/find-bundles.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from '../load/files-below.ts';
import type { Output } from '../output/output.ts';
import { boxTable } from '../present/box-table.ts';

interface InspectOptions {
  readonly annotations?: boolean;
  readonly v0Compatible?: boolean;
}

interface Inspected {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly namespaces: ReadonlyMap<string, readonly string[]>;
  readonly modules: readonly Module[];
}

/** `writ inspect PATH`: what a bundle, folder or file holds, as `opa inspect` prints it. */
export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('Say what a bundle, a folder or a Rego file holds: manifest, namespaces, annotations')
    .argument('<path>', 'a bundle folder or archive, or a Rego file')
    .option('-a, --annotations', 'list the annotations')
    .option('--v0-compatible', 'read modules as Rego v0')
    .addHelpText('after', '\nExample:\n  npx writ inspect examples/tutorial/bundle --format json');
  return withAction(command, async ({ output }: CommandContext, path: string, options: InspectOptions) => {
    const inspected = await inspect(path, options);
    output.json({
      ...(inspected.manifest !== undefined && { manifest: inspected.manifest }),
      signatures_config: {},
      namespaces: Object.fromEntries(inspected.namespaces),
      ...(options.annotations === true && { annotations: annotationsOf(inspected.modules) }),
    });
    if (output.format === 'pretty') show(output, inspected, options);
    return EXIT.ok;
  });
}

async function inspect(path: string, { v0Compatible }: InspectOptions): Promise<Inspected> {
  if (!existsSync(path)) throw new CommandError(EXIT.badInput, `there is no ${path}`);
  const version = v0Compatible === true ? 0 : 1;
  if (/\.(tar\.gz|tgz)$/.test(path)) {
    const [bundle] = await readBundles([path]);
    const sources = [...bundle!.modules, ...bundle!.testModules];
    const { revision, roots } = bundle!;
    return inspectSources(sources, [], version, { revision, roots });
  }
  const isFolder = statSync(path).isDirectory();
  const files = isFolder ? filesBelow(path, []) : [path];
  const sources = files
    .filter((file) => extname(file) === '.rego')
    .map((file) => ({ file: isFolder ? relative(path, file) : file, text: readText(file) }));
  const documents = files
    .filter((file) => /(^|[\\/])data\.(json|ya?ml)$/.test(file))
    .map((file) => relative(path, file));
  return inspectSources(sources, documents, version, isFolder ? manifestOf(path) : undefined);
}

function manifestOf(folder: string): Readonly<Record<string, unknown>> | undefined {
  const file = join(folder, '.manifest');
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readText(file)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new CommandError(EXIT.badInput, `${file} is not JSON: ${(error as Error).message}`);
  }
}

function inspectSources(
  sources: readonly { readonly file: string; readonly text: string }[],
  documents: readonly string[],
  version: 0 | 1,
  manifest: Readonly<Record<string, unknown>> | undefined,
): Inspected {
  const modules = sources.map(({ file, text }) => {
    const { module, diagnostics } = parseModule(text, { file, version });
    if (module !== undefined) return module;
    const { location, message } = diagnostics[0]!;
    throw new CommandError(EXIT.badInput, `${file}:${location.row}: ${message}`);
  });
  const namespaces = new Map<string, string[]>();
  const add = (name: string, file: string): void => {
    namespaces.set(name, [...(namespaces.get(name) ?? []), file]);
  };
  for (const {
    package: { path },
    file,
  } of modules)
    add(['data', ...path].join('.'), file);
  for (const file of documents) {
    const steps = file.split(/[\\/]/).slice(0, -1);
    add(['data', ...steps].join('.'), file);
  }
  const sorted = new Map([...namespaces].sort(([first], [second]) => (first < second ? -1 : 1)));
  return { namespaces: sorted, modules, ...(manifest !== undefined && { manifest }) };
}

function annotationsOf(modules: readonly Module[]): readonly object[] {
  return modules.flatMap((module) => {
    const printed = (moduleToAst(module)['annotations'] ?? []) as readonly object[];
    return module.annotations.map(({ location: { row, column } }, index) => ({
      location: { file: module.file, row, col: column },
      annotations: printed[index]!,
    }));
  });
}

function show(output: Output, { manifest, namespaces, modules }: Inspected, options: InspectOptions): void {
  if (manifest !== undefined) {
    const rows = Object.entries(manifest).map(([name, value]) => [
      name.toUpperCase(),
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    output.line('MANIFEST:');
    output.line(boxTable(['FIELD', 'VALUE'], rows));
  }
  const rows = [...namespaces].flatMap(([name, files]) => files.map((file) => [name, file]));
  output.line('NAMESPACES:');
  output.line(boxTable(['NAMESPACE', 'FILE'], rows));
  if (options.annotations !== true) return;
  output.line('ANNOTATIONS:');
  for (const { file, annotations } of modules) {
    for (const { scope, title, description, location } of annotations) {
      output.line(`${file}:${location.row} (${scope}) ${title ?? ''}`.trimEnd());
      if (description !== undefined) output.line(`  ${description}`);
    }
  }
}
