import type { Bundle } from '@writ/bundle';
import { type CoverageReport, parseModule } from '@writ/rego';

/** How much of a bundle's own policy its tests reach; its test files do not count. */
export interface PolicyCoverage {
  /** 0 to 100, of the lines that can be run. */
  readonly percent: number;
  /** Rules with lines that no test reached, in the order of files and rows. */
  readonly missed: readonly MissedRule[];
}

export interface MissedRule {
  /** `data.agent.tools.allow` */
  readonly rule: string;
  readonly file: string;
  /** Where this definition of the rule begins. */
  readonly row: number;
  readonly rows: readonly number[];
}

/** What a report of the tests says of the policy that activates, rule by rule. */
export function policyCoverage(bundle: Bundle, report: CoverageReport): PolicyCoverage {
  const active = new Map(bundle.modules.map((module) => [module.file, module]));
  const files = report.files.filter(({ file }) => active.has(file));
  const covered = files.reduce((sum, file) => sum + file.coveredRows.length, 0);
  const missed = files.reduce((sum, file) => sum + file.missedRows.length, 0);
  return {
    percent: covered + missed === 0 ? 100 : (covered / (covered + missed)) * 100,
    missed: files.flatMap(({ file, missedRows: rows }) => missedRules(active.get(file)!, rows)),
  };
}

function missedRules(module: Bundle['modules'][number], rows: readonly number[]): MissedRule[] {
  if (rows.length === 0) return [];
  const { file, text, version } = module;
  const parsed = parseModule(text, { file, version }).module;
  return (parsed?.rules ?? []).flatMap(({ head, location }) => {
    const last = location.row + text.slice(location.start, location.end).split('\n').length - 1;
    const own = rows.filter((row) => row >= location.row && row <= last);
    if (own.length === 0) return [];
    const steps = head.ref.flatMap((term) => (term.kind === 'string' ? [term.value] : []));
    const rule = ['data', ...(parsed?.package.path ?? []), ...steps].join('.');
    return [{ rule, file, row: location.row, rows: own }];
  });
}
