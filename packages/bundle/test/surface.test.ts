import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as bundle from '../src/index.ts';
import { PUBLISHED_SCHEMAS, schemaText } from '../src/published-schemas.ts';

it('exports these names', () => {
  expect(Object.keys(bundle).sort()).toEqual([
    'BUILT_IN_BUNDLES',
    'BUNDLE_ERROR_CODES',
    'DEFAULT_BUNDLE_LIMITS',
    'SIGNING_ALGORITHMS',
    'applies',
    'applyDeltas',
    'buildBundle',
    'buildDelta',
    'buildRegistry',
    'buildYamlPolicy',
    'checkSet',
    'compareBundles',
    'compareValues',
    'completeEntrypoint',
    'createGitFetcher',
    'createHttpFetcher',
    'createOciFetcher',
    'createRemoteBundle',
    'describeChange',
    'digestBundles',
    'explainYamlPolicy',
    'lineDiff',
    'manifestJsonSchema',
    'manifestSchema',
    'matchesName',
    'parseEntrypoint',
    'pushOci',
    'readDirectory',
    'readManifest',
    'readSource',
    'readSources',
    'readTarball',
    'readTarballBytes',
    'readYamlPolicy',
    'registryJsonSchema',
    'registrySchema',
    'renderChange',
    'renderProblem',
    'resolveCapability',
    'rootsOverlap',
    'signBundle',
    'signDetached',
    'signDirectory',
    'unpackArchive',
    'watchPaths',
    'writeArchive',
    'yamlPolicyJsonSchema',
  ]);
});

it('has these error codes', () => {
  expect(bundle.BUNDLE_ERROR_CODES).toEqual([
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
    'roots_violated',
    'roots_overlap',
    'registry_invalid',
    'registry_conflict',
  ]);
});

it.each(Object.entries(PUBLISHED_SCHEMAS))('publishes %s as the validator is now', (file, schema) => {
  expect(readFileSync(new URL(`../schemas/${file}`, import.meta.url), 'utf8')).toBe(schemaText(schema));
});
