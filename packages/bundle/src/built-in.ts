import type { Bundle } from './bundle.ts';
import { digestContent } from './digest.ts';
import { completeEntrypoint } from './manifest.ts';

const GRANT_ALL_SOURCE = `# Grants every call, so that a set of guards alone can decide: what no guard refuses is allowed.
package writ.grant_all

allow := true
`;

function grantAll(): Bundle {
  const content = {
    revision: '1',
    roots: ['writ/grant_all'],
    metadata: {},
    modules: [
      { file: 'grant_all.rego', text: GRANT_ALL_SOURCE, version: 1 as const, package: 'writ/grant_all' },
    ],
    data: {},
    entrypoints: [completeEntrypoint('writ/grant_all/allow', { kind: 'grant' })],
  };
  return Object.freeze({
    name: 'writ/grant-all',
    digest: digestContent(content),
    regoVersion: 1,
    testModules: [],
    thirdParty: false,
    signatures: [],
    hasManifest: true,
    ...content,
  });
}

/** Bundles that come with Writ, by the name that configuration uses. */
export const BUILT_IN_BUNDLES: ReadonlyMap<string, Bundle> = new Map([['writ/grant-all', grantAll()]]);
