/** The direction of imports, in one table: a package imports only packages of lower layers. */
export const PACKAGE_LAYERS: Readonly<Record<string, number>> = {
  decision: 0,
  rego: 1,
  store: 1,
  outbound: 1,
  telemetry: 1,
  bundle: 2,
  ledger: 2,
  state: 2,
  tokens: 2,
  identity: 2,
  pdp: 3,
  sdk: 4,
  gateway: 5,
  cli: 6,
  console: 6,
};

/** Folders inside a package whose direction matters, lowest first; the package's own `index.ts` stands above all. */
export const FOLDER_LAYERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  rego: [
    ['value'],
    ['syntax'],
    ['builtins'],
    ['runtime'],
    ['analysis', 'format'],
    ['plan'],
    ['eval', 'compile', 'explain'],
    ['host', 'tester'],
  ],
  decision: [],
  pdp: [['engine'], ['layers'], ['pipeline'], ['channels'], ['http']],
};

/** Packages that must run in browsers too: no `node:` import outside the listed folders, each an entry of its own. */
export const BROWSER_PACKAGES: readonly string[] = ['decision', 'rego'];

/** Folders of those packages that are entries of their own for Node (`@writ/rego/node`). */
export const NODE_FOLDERS: readonly string[] = ['packages/rego/src/node/'];

/** Longest source file, in lines; tests and tables aside. */
export const FILE_LINES_MAX = 400;

/** Files that may be longer, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {};
