/**
 * `npm run build`: every published package as it will be installed, in `build/NAME`: ES modules with types, and a
 * package.json whose `exports` name them. `--pack` also writes the tarballs to `build/tarballs`, `--output DIR` writes
 * to another folder than `build`.
 *
 * Sources are run directly in development, so the packages' own package.json name `src/*.ts`; code below
 * `node_modules` is not stripped of types by Node, hence this step.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from './run-command.ts';

interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  exports?: Record<string, string>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  engines?: Record<string, string>;
  files?: string[];
}

const root = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: { pack: { type: 'boolean', default: false }, output: { type: 'string', default: 'build' } },
});
const output = resolve(root, options.output);
const emitted = join(output, '.emit');
/** Folders of a package that ship beside its code. */
const ASSETS = ['README.md', 'schemas', 'templates', 'bin', 'assets'];

/** What brings Node 24 to machines with an older one: packages with a command carry it, as the workspace does. */
const { optionalDependencies: nodePackages = {}, engines: oldEngines = {} } = readManifest(root);

const packages = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'src/index.ts')))
  .map((name) => ({ name, manifest: readManifest(join(root, 'packages', name)) }))
  .filter(({ manifest }) => manifest.private !== true);

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
await emit();
for (const { name, manifest } of packages) assemble(name, manifest);
rmSync(emitted, { recursive: true, force: true });
if (options.pack) await pack();
console.log(`build ok: ${packages.length} packages in ${options.output}/`);

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Checks all types and writes the declarations; code is not the compiler's business, see `assemble`. */
async function emit(): Promise<void> {
  const config = join(output, '.tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: join(root, 'packages'),
        typeRoots: [join(root, 'node_modules/@types')],
        outDir: emitted,
      },
      include: packages.map(({ name }) => join(root, 'packages', name, 'src/**/*.ts')),
    }),
  );
  const result = await runCommand(join(root, 'node_modules/.bin/tsc'), ['-p', config]);
  rmSync(config);
  if (result.status !== 0) {
    console.error(result.output);
    console.error('build FAILED: types');
    process.exit(1);
  }
}

function assemble(name: string, manifest: Manifest): void {
  const folder = join(output, name);
  mkdirSync(folder, { recursive: true });
  cpSync(join(emitted, name, 'src'), join(folder, 'dist'), { recursive: true });
  for (const file of listFiles(join(folder, 'dist'))) rewrite(file, (text) => withExtension(text));
  stripSources(join(root, 'packages', name, 'src'), join(folder, 'dist'));
  for (const asset of ASSETS) {
    const from = join(root, 'packages', name, asset);
    if (existsSync(from)) cpSync(from, join(folder, asset), { recursive: true });
  }
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const published = {
    ...manifest,
    ...(manifest.bin === undefined ? {} : { optionalDependencies: nodePackages, engines: oldEngines }),
    exports: publishedExports(manifest.exports ?? {}),
    files: ['dist', ...ASSETS],
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

/** Source files become modules with types; everything else (schemas, package.json) is named as it is. */
function publishedExports(exports: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(exports).map(([key, target]) => {
      if (!target.endsWith('.ts')) return [key, target];
      const base = target.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
      return [key, { types: `${base}.d.ts`, default: `${base}.js` }];
    }),
  );
}

/**
 * Writes each source without its types, by the same means as Node runs it in development: what is published is then
 * what the tests ran, letter by letter but for the types and the extensions of imports.
 */
function stripSources(from: string, to: string): void {
  for (const file of listFiles(from).filter((each) => each.endsWith('.ts'))) {
    const target = join(to, relative(from, file).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, withExtension(stripTypeScriptTypes(readFileSync(file, 'utf8'))));
  }
}

/** `.js` where a relative import, or a module named by URL (`new URL('./worker.ts', …)`), names a source. */
function withExtension(text: string): string {
  return text.replace(/((?:\bfrom|\bimport|\bnew URL)\s*\(?\s*['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2');
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

async function pack(): Promise<void> {
  const tarballs = join(output, 'tarballs');
  mkdirSync(tarballs);
  for (const { name } of packages) {
    const result = await runCommand('npm', ['pack', '--silent', '--pack-destination', tarballs], {
      cwd: join(output, name),
    });
    if (result.status !== 0) {
      console.error(result.output);
      console.error(`build FAILED: npm pack ${name}`);
      process.exit(1);
    }
  }
}
