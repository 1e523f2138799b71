/** What can be wrong with a bundle, or with several together. */
export const BUNDLE_ERROR_CODES = [
  'bundle_unreadable',
  'bundle_too_large',
  'bundle_path_unsafe',
  'bundle_link_refused',
  'bundle_name_taken',
  'bundle_unavailable',
  'bundle_downgrade',
  'bundle_delta_refused',
  'bundle_signature_unverified',
  'bundle_signature_missing',
  'bundle_signature_invalid',
  'signing_key_invalid',
  'manifest_invalid',
  'data_invalid',
  'yaml_policy_invalid',
  'data_conflict',
  'entrypoint_invalid',
  'reviewers_missing',
  'overrides_invalid',
  'overrides_too_many',
  'roots_violated',
  'roots_overlap',
  'registry_invalid',
  'registry_conflict',
  'release_incomplete',
  'engine_refused',
] as const;
export type BundleErrorCode = (typeof BUNDLE_ERROR_CODES)[number];

/**
 * A finding about a bundle, located as far as it can be: a file, a place within a document (RFC 6901), a row.
 * A bundle with any problem does not activate.
 */
export interface BundleProblem {
  readonly code: BundleErrorCode;
  /** One lower-case sentence. */
  readonly message: string;
  readonly bundle?: string;
  /** Path within the bundle, with `/`. */
  readonly file?: string;
  /** From 1. */
  readonly row?: number;
  readonly column?: number;
  /** JSON Pointer into the file's document. */
  readonly pointer?: string;
  /** The mend, where one is known. */
  readonly help?: string;
}

/** Renders one problem for people: `code: message (file:row:column at pointer); help`. */
export function renderProblem(problem: BundleProblem): string {
  const position = [problem.file, problem.row, problem.column].filter((part) => part !== undefined).join(':');
  const place = [
    problem.bundle === undefined ? '' : `bundle \`${problem.bundle}\``,
    position,
    problem.pointer === undefined || problem.pointer === '' ? '' : `at ${problem.pointer}`,
  ].filter((part) => part !== '');
  const where = place.length === 0 ? '' : ` (${place.join(', ')})`;
  const help = problem.help === undefined ? '' : `\n  help: ${problem.help}`;
  return `${problem.code}: ${problem.message}${where}${help}`;
}
