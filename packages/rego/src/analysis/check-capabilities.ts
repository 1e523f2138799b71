import type { Import, Module } from '../syntax/ast.ts';
import type { Capabilities } from './capabilities.ts';
import type { Report } from './report.ts';

const V1_KEYWORDS = ['contains', 'every', 'if', 'in'];

/** Refuses versions, imports and keywords that the capabilities do not list, as OPA's parser does. */
export function checkCapabilities(
  modules: readonly Module[],
  capabilities: Capabilities,
  report: Report,
): void {
  const features = new Set(capabilities.features ?? []);
  for (const module of modules) {
    const keywords = importableKeywords(module, capabilities);
    const before = report.stopped;
    for (const imported of module.imports) checkImport(module, imported, { features, keywords, report });
    if (report.stopped && !before) continue;
    const feature = module.version === 2 ? 'rego_v2' : 'rego_v1';
    if (module.version !== 0 && !features.has(feature)) {
      const message = `illegal capabilities: ${feature} feature required for parsing v${module.version} Rego`;
      report.error('rego_parse_error', message, module.package.location);
    }
  }
}

function importableKeywords(
  module: Module,
  { future_keywords: listed = [], features }: Capabilities,
): string[] {
  const implied = module.version !== 0 || features?.includes('rego_v1') ? V1_KEYWORDS : [];
  return [...new Set([...implied, ...listed])].sort();
}

interface Allowed {
  readonly features: ReadonlySet<string>;
  readonly keywords: readonly string[];
  readonly report: Report;
}

function checkImport(module: Module, imported: Import, { features, keywords, report }: Allowed): void {
  const [root, name, keyword] = imported.path;
  const location = pathLocation(module, imported);
  if (root === 'rego') {
    const enough = name === 'v2' ? ['rego_v2_import', 'rego_v2'] : ['rego_v1_import', 'rego_v1', 'rego_v2'];
    if (enough.some((feature) => features.has(feature))) return;
    const message = `invalid import, \`rego.${name}\` is not supported by current capabilities`;
    report.error('rego_parse_error', message, location);
  } else if (root === 'future' && keyword !== undefined && !keywords.includes(keyword)) {
    report.error('rego_parse_error', `unexpected keyword, must be one of [${keywords.join(' ')}]`, location);
  }
}

/** Where the path of an import starts: after the word `import`. */
function pathLocation(module: Module, { location }: Import): Import['location'] {
  const written = module.text.slice(location.start, location.end);
  const offset = /^import\s+/.exec(written)?.[0].length ?? 0;
  return { ...location, start: location.start + offset, column: location.column + offset };
}
