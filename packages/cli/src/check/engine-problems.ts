import type { Bundle, BundleProblem } from '@writ/bundle';
import { createEmbeddedEngines, loadPolicies } from '@writ/pdp';

/** Is it in a language that Rego's compiler does not know. */
export function isOtherLanguage({ engine }: Bundle): boolean {
  return engine === 'wasm' || engine === 'cedar';
}

/** What the engine of a bundle in Wasm or Cedar refuses of it; each is loaded by itself, as others may not be here. */
export async function engineProblems(bundle: Bundle): Promise<readonly BundleProblem[]> {
  if (!isOtherLanguage(bundle)) return [];
  const engine = createEmbeddedEngines();
  try {
    const loaded = await loadPolicies([{ kind: 'built-in', bundle }], engine);
    if (loaded.ok) {
      await loaded.set.policies.close();
      return [];
    }
    const refused = loaded.diagnostics.map(({ message, file, row }): BundleProblem => {
      const place = { ...(file === undefined ? {} : { file }), ...(row === undefined ? {} : { row }) };
      return { code: 'engine_refused', message, bundle: bundle.name, ...place };
    });
    return [...loaded.problems, ...refused];
  } finally {
    await engine.close();
  }
}
