import type { BundleEngine, EngineContent, WasmResolver } from './bundle-engine.ts';
import { type BundleFile, isCedarFile } from './files.ts';
import type { Manifest } from './manifest.ts';
import type { BundleProblem } from './problem.ts';

/** Where `opa build -t wasm` puts its module. */
const WASM_MODULE = 'policy.wasm';

/** The files that the bundle's engine reads, undefined for bundles in Rego alone. */
export function engineContent(
  engine: BundleEngine | undefined,
  files: readonly BundleFile[],
  manifest: Manifest,
  problems: BundleProblem[],
): EngineContent | undefined {
  if (engine === 'cedar') {
    const own = files.filter(({ path }) => isCedarFile(path));
    if (!own.some(({ path }) => path.endsWith('.cedar')))
      problems.push(nothingFor('cedar', 'there is no `*.cedar` in it'));
    return { files: own, wasm: [] };
  }
  const modules = files.filter(({ path }) => path.endsWith('.wasm'));
  if (engine === 'wasm' && modules.length === 0)
    problems.push({
      ...nothingFor('wasm', `there is no \`${WASM_MODULE}\` in it`),
      help: 'build one: opa build -t wasm -e PATH -o bundle.tar.gz FOLDER',
    });
  // Two engines that check each other may have one that runs modules: what is there counts.
  const counts = engine === 'wasm' || (engine === 'crosscheck' && modules.length > 0);
  if (!counts) return missingEngine(engine, files, problems);
  problems.push(...missingModules(manifest.wasm, modules));
  return { files: modules, wasm: manifest.wasm };
}

/** Wasm modules that a manifest names and that are not among the files. */
export function missingModules(
  wasm: readonly WasmResolver[],
  files: readonly BundleFile[],
): readonly BundleProblem[] {
  const paths = new Set(files.map(({ path }) => path));
  return wasm.flatMap(({ module }) => {
    if (paths.has(module)) return [];
    const message = `\`wasm\` names \`${module}\`, and there is no such file`;
    return [{ code: 'manifest_invalid', message, file: '.manifest', pointer: '/wasm' }];
  });
}

/** Policies that nothing would read are never what was meant. */
function missingEngine(
  engine: BundleEngine | undefined,
  files: readonly BundleFile[],
  problems: BundleProblem[],
): undefined {
  const isRego = files.some(({ path }) => path.endsWith('.rego'));
  if (engine === undefined && !isRego && files.some(({ path }) => path.endsWith('.cedar')))
    problems.push({
      code: 'manifest_invalid',
      message: 'it holds policies in Cedar, and nothing says that they are read as such',
      help: 'write `"engine": "cedar"` under `metadata.writ` in `.manifest`',
    });
  return undefined;
}

function nothingFor(engine: BundleEngine, why: string): BundleProblem {
  return { code: 'manifest_invalid', message: `engine \`${engine}\` has nothing to evaluate: ${why}` };
}
